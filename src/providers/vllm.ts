import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules, openAiSockets } from './rules/openai-rules.js';

/** One's own server: VLLM_BASE_URL says where. */
export const vllm: Provider = {
  name: 'vllm',
  title: 'vLLM',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'none',
  alsoAuth: ['bearer'], // --api-key
  socketPaths: openAiSockets,
  dialects: openAiRules({ streamUsage: true, realtime: true }),
  defaultDialect: openAiOther,
};
