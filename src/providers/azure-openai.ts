import type { Provider } from '../domain/provider.js';
import { anthropicMessages, anthropicStored } from '../wire/anthropic-messages.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules, openAiSockets } from './rules/openai-rules.js';

/** `2024-09-01-preview` and `2024-10-21` were the first that took `stream_options`. */
const FIRST_VERSION = '2024-09-01';

/** Whether the call names a version of the API that refuses `stream_options`; `/openai/v1` needs none. */
function isBeforeStreamOptions(query: string): boolean {
  const version = [...new URLSearchParams(query)].find(([name]) => name.toLowerCase() === 'api-version')?.[1];
  return version !== undefined && /^\d{4}-\d{2}-\d{2}/.test(version) && version < FIRST_VERSION;
}

/** Every resource has a host of its own: AZURE_OPENAI_ENDPOINT says which. */
export const azureOpenai: Provider = {
  name: 'azure-openai',
  title: 'Azure OpenAI',
  root: '/openai/v1',
  nativeRoots: ['/openai', '/anthropic'],
  auth: 'api-key',
  alsoAuth: ['bearer'], // Entra ID
  baseUrlVariables: ['AZURE_OPENAI_ENDPOINT'],
  unmistakablePaths: [/^\/openai\/deployments\//],
  signs: { credentials: ['api-key', '?api-key'], parameters: ['api-version'] },
  socketPaths: openAiSockets,
  refusesStreamUsage: ({ query, hasDataSources }) => hasDataSources || isBeforeStreamOptions(query),
  dialects: [
    // Claude on Azure, which Anthropic's SDKs reach, too.
    { path: /^\/anthropic\/v1\/messages$/, dialect: anthropicMessages, alsoAuth: ['x-api-key'] },
    { path: /^\/anthropic\//, dialect: anthropicStored, alsoAuth: ['x-api-key'] },
    ...openAiRules({ streamUsage: true, realtime: true }),
  ],
  defaultDialect: openAiOther,
  pricingId: 'azure',
};
