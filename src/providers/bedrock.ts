import type { Provider } from '../domain/provider.js';
import { bedrockConverse } from '../wire/bedrock-converse.js';
import { bedrockRules } from './rules/bedrock-rules.js';
import { openAiRules } from './rules/openai-rules.js';

export const bedrock: Provider = {
  name: 'bedrock',
  title: 'Amazon Bedrock',
  origin: 'https://bedrock-runtime.{region}.amazonaws.com',
  root: '/openai/v1', // the OpenAI-compatible interface
  nativeRoots: ['/model', '/openai', '/guardrail', '/async-invoke'],
  region: { variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'] },
  auth: 'aws-sigv4',
  alsoAuth: ['bearer'],
  keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
  unmistakablePaths: [/^\/model\/[^/]+\//, /^\/guardrail\/[^/]+\/version\//, /^\/async-invoke(?:\/|$)/],
  signs: { authorization: ['AWS4-', 'ABSK', 'bedrock-api-key-'] },
  // The OpenAI-compatible interface answers include_usage with a chunk of usage alone (captures in bifrost#7065).
  dialects: [...bedrockRules, ...openAiRules({ streamUsage: true })],
  defaultDialect: bedrockConverse,
  pricingId: 'aws',
};
