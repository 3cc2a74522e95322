import type { Provider } from '../domain/provider.js';
import { anthropicMessages, anthropicStored } from '../wire/anthropic-messages.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const deepseek: Provider = {
  name: 'deepseek',
  title: 'DeepSeek',
  origin: 'https://api.deepseek.com',
  root: '/v1',
  nativeRoots: ['/v1', '/beta', '/anthropic', '/chat', '/models'],
  auth: 'bearer',
  dialects: [
    // What Anthropic's SDKs send there.
    { path: /^\/anthropic\/v1\/messages$/, dialect: anthropicMessages, alsoAuth: ['x-api-key'] },
    { path: /^\/anthropic\//, dialect: anthropicStored, alsoAuth: ['x-api-key'] },
    ...openAiRules({ streamUsage: true }),
  ],
  defaultDialect: openAiOther,
};
