import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules, openAiSockets } from './rules/openai-rules.js';

export const openai: Provider = {
  name: 'openai',
  title: 'OpenAI',
  origin: 'https://api.openai.com',
  regionalHost: /^https:\/\/([a-z-]+)\.api\.openai\.com$/,
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'bearer',
  socketPaths: openAiSockets,
  dialects: openAiRules({ streamUsage: true, realtime: true }),
  defaultDialect: openAiOther,
};
