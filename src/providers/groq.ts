import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const groq: Provider = {
  name: 'groq',
  title: 'Groq',
  origin: 'https://api.groq.com',
  root: '/openai/v1',
  nativeRoots: ['/openai/v1'],
  auth: 'bearer',
  dialects: openAiRules(),
  defaultDialect: openAiOther,
};
