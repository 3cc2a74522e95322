import type { Provider } from '../domain/provider.js';
import { anthropicStored } from '../wire/anthropic-messages.js';
import { openAiChatDialect } from '../wire/openai-chat.js';
import { anthropicRules } from './rules/anthropic-rules.js';

export const anthropic: Provider = {
  name: 'anthropic',
  title: 'Anthropic',
  origin: 'https://api.anthropic.com',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'x-api-key',
  alsoAuth: ['bearer'], // OAuth, and OpenAI's SDKs at the compatible path
  unmistakablePaths: [/^\/v1\/messages(?:\/|$)/],
  unmistakableHeaders: ['anthropic-version'],
  signs: { credentials: ['x-api-key'], authorization: ['sk-ant-'] },
  dialects: [
    ...anthropicRules,
    { path: /\/v1\/chat\/completions$/, dialect: openAiChatDialect(), auth: 'bearer', streamUsage: true }, // documented as supported in full
  ],
  defaultDialect: anthropicStored,
  defaultHeaders: { 'anthropic-version': '2023-06-01' },
};
