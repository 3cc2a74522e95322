import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const mistral: Provider = {
  name: 'mistral',
  title: 'Mistral AI',
  origin: 'https://api.mistral.ai',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'bearer',
  dialects: openAiRules(),
  defaultDialect: openAiOther,
};
