import type { Provider } from '../domain/provider.js';
import { anthropicOnVertex } from '../wire/anthropic-messages.js';
import { geminiStored } from '../wire/gemini.js';
import { readGeminiPath } from '../wire/google-path.js';
import { openAiChatDialect } from '../wire/openai-chat.js';
import { geminiRules } from './rules/gemini-rules.js';

const openAiChat = openAiChatDialect();

export const vertex: Provider = {
  name: 'vertex',
  title: 'Google Vertex AI',
  origin: 'https://{region}-aiplatform.googleapis.com',
  root: '/v1',
  nativeRoots: ['/v1', '/v1beta1'],
  region: {
    fromPath: /\/locations\/([^/]+)\//,
    variables: ['GOOGLE_CLOUD_LOCATION'],
    globalOrigin: 'https://aiplatform.googleapis.com',
  },
  auth: 'bearer',
  alsoAuth: ['x-goog-api-key'], // express mode
  unmistakablePaths: [/^\/v1(?:beta1)?\/projects\/[^/]+\/locations\/[^/]+\//, /^\/v1(?:beta1)?\/publishers\//],
  dialects: [
    { path: /\/publishers\/anthropic\/models\/[^/]+:(?:streamR|r)awPredict$/, dialect: anthropicOnVertex },
    { path: /\/models\/[^/]+:(?:streamR|r)awPredict$/, dialect: { ...openAiChat, readPath: readGeminiPath } },
    // Vercel's client sends include_usage to the shared endpoint; what serves a deployed one may refuse it.
    { path: /\/endpoints\/openapi\/chat\/completions$/, dialect: openAiChatDialect({ hiddenInTotal: true }), streamUsage: true },
    { path: /\/endpoints\/[^/]+\/chat\/completions$/, dialect: openAiChat },
    ...geminiRules,
  ],
  defaultDialect: geminiStored,
  pricingId: 'google',
};
