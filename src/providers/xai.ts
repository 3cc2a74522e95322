import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const xai: Provider = {
  name: 'xai',
  title: 'xAI',
  origin: 'https://api.x.ai',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'bearer',
  signs: { authorization: ['xai-'] },
  // xAI's own and Vercel's clients always send include_usage; a chunk with usage alone answers it.
  dialects: openAiRules({ streamUsage: true }),
  defaultDialect: openAiOther,
  pricingId: 'x-ai',
};
