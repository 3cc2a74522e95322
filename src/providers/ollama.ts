import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { ollamaRules } from './rules/ollama-rules.js';
import { openAiRules } from './rules/openai-rules.js';

export const ollama: Provider = {
  name: 'ollama',
  title: 'Ollama',
  origin: 'http://127.0.0.1:11434',
  root: '/v1',
  nativeRoots: ['/v1', '/api'],
  auth: 'none',
  alsoAuth: ['bearer'], // a proxy before it may want a key
  dialects: [...ollamaRules, ...openAiRules({ streamUsage: true })],
  defaultDialect: openAiOther,
};
