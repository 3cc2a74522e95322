import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const mistral: Provider = {
  name: 'mistral',
  title: 'Mistral AI',
  origin: 'https://api.mistral.ai',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'bearer',
  // The last chunk always has the usage; stream_options is refused with a 422 (openai-agents-python#442).
  dialects: openAiRules(),
  defaultDialect: openAiOther,
};
