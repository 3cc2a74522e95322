import type { Provider } from '../domain/provider.js';
import { asAmount, asRecord } from '../wire/json-values.js';
import { openAiChatDialect } from '../wire/openai-chat.js';
import { openAiOtherDialect } from '../wire/openai-other.js';
import { openAiResponsesDialect } from '../wire/openai-responses.js';
import type { OpenAiUsageFlavour } from '../wire/openai-usage.js';
import { openAiRules } from './rules/openai-rules.js';

/** Every interface says what the call cost. */
const flavour: OpenAiUsageFlavour = { reasoningApart: true, cost: (usage) => asAmount(asRecord(usage.cost)?.total_cost) };
const chat = openAiChatDialect(flavour);
const responses = openAiResponsesDialect(flavour);

export const perplexity: Provider = {
  name: 'perplexity',
  title: 'Perplexity',
  origin: 'https://api.perplexity.ai',
  root: '', // chat completions stand at /chat/completions, the newer interfaces under /v1
  nativeRoots: [
    '/v1/agent', '/v1/sonar', '/v1/async', '/v1/responses', '/v1/embeddings', '/v1/contextualizedembeddings', '/v1/models', '/v1/browser',
  ],
  auth: 'bearer',
  signs: { authorization: ['pplx-'] },
  // Each chunk has the usage: nothing needs to be asked for.
  dialects: [
    { path: /\/v1\/sonar$/, dialect: chat },
    { path: /\/v1\/agent$/, dialect: responses }, // the Agent API; /v1/responses is its alias
    ...openAiRules({ chat, responses }),
  ],
  defaultDialect: openAiOtherDialect(flavour),
};
