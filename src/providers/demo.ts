import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

/** The built-in stand-in of `serve --demo`; its address is known only when it has started (DEMO_BASE_URL). */
export const demoProvider: Provider = {
  name: 'demo',
  title: 'Demo',
  root: '/v1',
  nativeRoots: ['/v1'],
  auth: 'none',
  free: true,
  dialects: openAiRules({ streamUsage: true }),
  defaultDialect: openAiOther,
  pricingId: 'openai', // what the same tokens would have cost there, so that reports have something to show
};
