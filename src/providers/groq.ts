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
  signs: { authorization: ['gsk_'] },
  // `x_groq.usage` comes unasked, but not from every model (Portkey#1338: include_usage is accepted beside it).
  dialects: openAiRules({ streamUsage: true }),
  defaultDialect: openAiOther,
};
