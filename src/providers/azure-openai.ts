import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules, openAiSockets } from './rules/openai-rules.js';

/** Every resource has a host of its own: AZURE_OPENAI_ENDPOINT says which. */
export const azureOpenai: Provider = {
  name: 'azure-openai',
  title: 'Azure OpenAI',
  root: '/openai/v1',
  nativeRoots: ['/openai'],
  auth: 'api-key',
  alsoAuth: ['bearer'], // Entra ID
  baseUrlVariables: ['AZURE_OPENAI_ENDPOINT'],
  unmistakablePaths: [/^\/openai\/deployments\//],
  socketPaths: openAiSockets,
  dialects: openAiRules({ streamUsage: true, realtime: true }),
  defaultDialect: openAiOther,
  pricingId: 'azure',
};
