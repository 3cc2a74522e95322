import type { Dialect } from '../domain/dialect.js';
import { Failure } from '../domain/failure.js';
import type { DialectRule, Provider } from '../domain/provider.js';
import { anthropicStored } from '../wire/anthropic-messages.js';
import { bedrockConverse } from '../wire/bedrock-converse.js';
import { cohere } from '../wire/cohere.js';
import { geminiStored } from '../wire/gemini.js';
import { openAiOther } from '../wire/openai-other.js';
import { anthropicRules } from './rules/anthropic-rules.js';
import { bedrockRules } from './rules/bedrock-rules.js';
import { cohereRules } from './rules/cohere-rules.js';
import { geminiRules } from './rules/gemini-rules.js';
import { ollamaRules } from './rules/ollama-rules.js';
import { openAiRules, openAiSockets } from './rules/openai-rules.js';

/** Addresses and dialects that come with the choice of a dialect. */
interface Template {
  readonly dialects: readonly DialectRule[];
  readonly defaultDialect: Dialect;
  readonly nativeRoots: readonly string[];
  /** `none` where such servers mostly want no key; one that is configured is sent all the same. */
  readonly auth: Provider['auth'];
  readonly alsoAuth?: Provider['alsoAuth'];
  readonly defaultHeaders?: Readonly<Record<string, string>>;
}

const openAiLike: Template = {
  dialects: openAiRules({ streamUsage: true, realtime: true }), defaultDialect: openAiOther, nativeRoots: ['/v1'], auth: 'none', alsoAuth: ['bearer'],
};
const TEMPLATES = {
  'openai-chat': openAiLike,
  'openai-responses': openAiLike,
  'anthropic-messages': {
    dialects: anthropicRules, defaultDialect: anthropicStored, nativeRoots: ['/v1'], auth: 'x-api-key',
    defaultHeaders: { 'anthropic-version': '2023-06-01' },
  },
  'gemini': {
    dialects: geminiRules, defaultDialect: geminiStored, nativeRoots: ['/v1beta', '/v1alpha', '/v1'], auth: 'x-goog-api-key',
  },
  'cohere': { dialects: cohereRules, defaultDialect: cohere, nativeRoots: ['/v1', '/v2'], auth: 'bearer' },
  'bedrock-converse': { dialects: bedrockRules, defaultDialect: bedrockConverse, nativeRoots: ['/model'], auth: 'bearer' },
  'bedrock-invoke': { dialects: bedrockRules, defaultDialect: bedrockConverse, nativeRoots: ['/model'], auth: 'bearer' },
  'ollama': { ...openAiLike, dialects: [...ollamaRules, ...openAiLike.dialects], nativeRoots: ['/v1', '/api'], auth: 'none' },
} as const satisfies Record<string, Template>;

export type CustomDialect = keyof typeof TEMPLATES;

/** Dialects that CUSTOM_PROVIDERS may name. */
export const CUSTOM_DIALECTS = Object.keys(TEMPLATES) as readonly CustomDialect[];

/** One entry of CUSTOM_PROVIDERS. */
export interface CustomProviderOptions {
  /** Header value, path prefix and the record's `provider`: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** `http://host:port`, with a path where an OpenAI-like server is mounted below one; a trailing `/v1` is optional. */
  readonly baseUrl: string;
  readonly dialect: string;
}

/**
 * A provider from configuration alone.
 * @throws Failure where name, address or dialect cannot be used
 */
export function customProvider({ name, baseUrl, dialect }: CustomProviderOptions): Provider {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name) || /^v\d/.test(name)) {
    throw invalid(`the name ${JSON.stringify(name)} cannot be used`,
      'Use lower-case letters, digits and hyphens, beginning with a letter, and no version like v1.');
  }
  if (!isCustomDialect(dialect)) {
    throw invalid(`${name}: the dialect ${JSON.stringify(dialect)} is not known`, `Use one of: ${CUSTOM_DIALECTS.join(', ')}.`);
  }
  const template: Template = TEMPLATES[dialect];
  const { origin, path } = readBaseUrl(name, baseUrl);
  const mountable = template.dialects === openAiLike.dialects || dialect === 'anthropic-messages';
  if (path !== '' && !mountable) {
    throw invalid(`${name}: the base URL of the dialect ${dialect} must have no path`, 'Give scheme, host and port only.');
  }
  return {
    name,
    title: name,
    origin,
    root: `${path}/v1`,
    nativeRoots: path === '' ? template.nativeRoots : [`${path}/v1`],
    auth: template.auth,
    ...(template.alsoAuth === undefined ? {} : { alsoAuth: template.alsoAuth }),
    ...(template.dialects === openAiLike.dialects ? { socketPaths: openAiSockets } : {}),
    dialects: template.dialects,
    defaultDialect: template.defaultDialect,
    ...(template.defaultHeaders === undefined ? {} : { defaultHeaders: template.defaultHeaders }),
  };
}

function isCustomDialect(dialect: string): dialect is CustomDialect {
  return Object.hasOwn(TEMPLATES, dialect);
}

/** @returns the path without a trailing `/v1` */
function readBaseUrl(name: string, baseUrl: string): { origin: string; path: string } {
  const url = URL.parse(baseUrl);
  const usable = url !== null && (url.protocol === 'http:' || url.protocol === 'https:')
    && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  // The value itself is not shown: it may hold a password.
  if (!usable) {
    throw invalid(`${name}: the base URL cannot be used`,
      'Give it as http://host:port or https://host/path, without credentials, query string or fragment.');
  }
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '') };
}

function invalid(problem: string, fix: string): Failure {
  return new Failure({ code: 'custom_provider_invalid', message: `CUSTOM_PROVIDERS: ${problem}`, fix });
}
