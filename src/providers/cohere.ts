import type { Provider } from '../domain/provider.js';
import { cohere as cohereDialect } from '../wire/cohere.js';
import { cohereRules } from './rules/cohere-rules.js';
import { openAiRules } from './rules/openai-rules.js';

// Cohere has accepted stream_options there since August 2025 (cohere-developer-experience#606).
const openAiPaths = openAiRules({ streamUsage: true }).map((rule) => ({ ...rule, path: new RegExp(`^/compatibility(?=/).*${rule.path.source}`) }));

export const cohere: Provider = {
  name: 'cohere',
  title: 'Cohere',
  origin: 'https://api.cohere.com',
  root: '/compatibility/v1', // the OpenAI-compatible interface
  nativeRoots: ['/v2', '/compatibility'],
  nativePaths: [
    /^\/v1\/(?:chat|generate|summarize|embed|rerank|classify|tokenize|detokenize|check-api-key)$/,
    /^\/v1\/(?:models|datasets|embed-jobs|connectors|finetuning)(?:\/|$)/,
  ],
  auth: 'bearer',
  // What no other API has: Cohere's SDKs ask for these at the root of their base URL.
  unmistakablePaths: [/^\/v2\/(?:chat|embed|rerank)$/, /^\/v1\/(?:chat|generate|summarize|embed|detokenize|check-api-key)$/, /^\/v1\/embed-jobs(?:\/|$)/],
  dialects: [...cohereRules, ...openAiPaths],
  defaultDialect: cohereDialect,
};
