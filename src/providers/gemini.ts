import type { Provider } from '../domain/provider.js';
import { geminiStored } from '../wire/gemini.js';
import { geminiLive } from '../wire/gemini-live.js';
import { openAiChatDialect } from '../wire/openai-chat.js';
import { geminiRules } from './rules/gemini-rules.js';
import { openAiRules } from './rules/openai-rules.js';

/** Methods of a model: no other API writes them behind a colon. */
const METHODS = /^\/v1\/(?:models|tunedModels)\/[^/:]+(?::|%3[Aa])(?:\w*[gG]enerateContent|\w*[eE]mbedContents?|countTokens|computeTokens|predict|predictLongRunning|generateAnswer)$/;

/** The Live API. */
const LIVE = /^\/ws\/google\.ai\.generativelanguage\.\w+\.GenerativeService\.\w+$/;

// Reports of stream_options contradict each other (refused, ignored, usage on every chunk): it is not added.
/** Thinking that the counts do not name is in the total all the same. */
const openAiPaths = openAiRules({ chat: openAiChatDialect({ hiddenInTotal: true }) }).map((rule) => ({
  ...rule,
  path: new RegExp(`^/v1beta/openai(?=/).*${rule.path.source}`),
  auth: 'bearer' as const,
}));

export const gemini: Provider = {
  name: 'gemini',
  title: 'Google Gemini',
  origin: 'https://generativelanguage.googleapis.com',
  root: '/v1beta/openai', // the OpenAI-compatible interface
  nativeRoots: ['/v1beta', '/v1alpha', '/upload', '/download', '/ws'],
  nativePaths: [/^\/v1\/(?:models|tunedModels)\/[^/]+(?::|%3[Aa])/, /^\/v1\/(?:files|cachedContents|tunedModels|operations|corpora)(?:[/:]|$)/],
  // With Google's credential all but what only the OpenAI-compatible interface has.
  signedNativePaths: [/^\/v1\/(?!(?:chat\/)?completions$|embeddings$|images\/|audio\/|responses(?:\/|$))/],
  auth: 'x-goog-api-key',
  alsoAuth: ['bearer'],
  unmistakablePaths: [/^\/v1(?:alpha|beta)\//, /^\/(?:upload|download)\/v1(?:alpha|beta)?\//, METHODS, LIVE],
  unmistakableHeaders: ['x-goog-api-key'],
  signs: { credentials: ['?key'], authorization: ['AIza', 'AQ.', 'ya29.'] },
  socketPaths: [LIVE],
  dialects: [{ path: LIVE, dialect: geminiLive }, ...geminiRules, ...openAiPaths],
  defaultDialect: geminiStored,
  pricingId: 'google',
  pricedModels: /^(?!.*claude)/i, // those are Vertex AI's
};
