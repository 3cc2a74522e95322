import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const cerebras: Provider = {
  name: 'cerebras',
  title: 'Cerebras',
  origin: 'https://api.cerebras.ai',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'bearer',
  signs: { authorization: ['csk-'] },
  dialects: openAiRules({ streamUsage: true }),
  defaultDialect: openAiOther,
};
