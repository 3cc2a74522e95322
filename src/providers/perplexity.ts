import type { Provider } from '../domain/provider.js';
import { asAmount, asRecord } from '../wire/json-values.js';
import { openAiChatDialect } from '../wire/openai-chat.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

const chat = openAiChatDialect({ reasoningApart: true, cost: (usage) => asAmount(asRecord(usage.cost)?.total_cost) });

export const perplexity: Provider = {
  name: 'perplexity',
  title: 'Perplexity',
  origin: 'https://api.perplexity.ai',
  root: '', // chat completions stand at /chat/completions, the newer interfaces under /v1
  nativeRoots: ['/v1/responses', '/v1/embeddings', '/v1/contextualizedembeddings', '/v1/models', '/v1/browser'],
  auth: 'bearer',
  // Each chunk has the usage: nothing needs to be asked for.
  dialects: openAiRules({ chat }),
  defaultDialect: openAiOther,
};
