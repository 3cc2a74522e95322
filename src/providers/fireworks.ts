import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const fireworks: Provider = {
  name: 'fireworks',
  title: 'Fireworks AI',
  origin: 'https://api.fireworks.ai',
  root: '/inference/v1',
  nativeRoots: ['/inference', '/v1/accounts'],
  auth: 'bearer',
  dialects: openAiRules(),
  defaultDialect: openAiOther,
};
