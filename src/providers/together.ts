import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const together: Provider = {
  name: 'together',
  title: 'Together AI',
  origin: 'https://api.together.xyz',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'bearer',
  signs: { authorization: ['tgp_v1_'] },
  // Its streams say nothing of usage unless they are asked (vercel/ai#17986).
  dialects: openAiRules({ streamUsage: true }),
  defaultDialect: openAiOther,
};
