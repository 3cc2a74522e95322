import type { Provider } from '../domain/provider.js';
import { anthropicMessagesDialect } from '../wire/anthropic-messages.js';
import { asAmount, asRecord, type JsonRecord } from '../wire/json-values.js';
import { openAiChatDialect } from '../wire/openai-chat.js';
import { openAiOtherDialect } from '../wire/openai-other.js';
import { openAiResponsesDialect } from '../wire/openai-responses.js';
import { openAiRules } from './rules/openai-rules.js';

/** `cost` is in dollars; with the caller's own key at the upstream provider that provider's price comes on top. */
function cost(usage: JsonRecord): number | undefined {
  const own = asAmount(usage.cost);
  if (own === undefined || usage.is_byok !== true) return own;
  return own + (asAmount(asRecord(usage.cost_details)?.upstream_inference_cost) ?? 0);
}

export const openrouter: Provider = {
  name: 'openrouter',
  title: 'OpenRouter',
  origin: 'https://openrouter.ai',
  root: '/api/v1',
  nativeRoots: ['/api'],
  auth: 'bearer',
  signs: { authorization: ['sk-or-'] },
  // The last chunk always has the usage: nothing needs to be asked for.
  dialects: openAiRules({
    chat: openAiChatDialect({ cost }), responses: openAiResponsesDialect({ cost }), messages: anthropicMessagesDialect({ cost }),
  }),
  defaultDialect: openAiOtherDialect({ cost }),
};
