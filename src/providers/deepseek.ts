import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const deepseek: Provider = {
  name: 'deepseek',
  title: 'DeepSeek',
  origin: 'https://api.deepseek.com',
  root: '/v1',
  nativeRoots: ['/v1', '/beta', '/anthropic', '/chat', '/models'],
  auth: 'bearer',
  alsoAuth: ['x-api-key'], // what Anthropic's SDKs send to /anthropic
  dialects: openAiRules({ streamUsage: true }),
  defaultDialect: openAiOther,
};
