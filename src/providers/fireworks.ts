import type { Provider } from '../domain/provider.js';
import { openAiOther } from '../wire/openai-other.js';
import { openAiRules } from './rules/openai-rules.js';

export const fireworks: Provider = {
  name: 'fireworks',
  title: 'Fireworks AI',
  origin: 'https://api.fireworks.ai',
  root: '/inference/v1',
  nativeRoots: ['/inference', '/v1/accounts'],
  auth: 'bearer',
  signs: { authorization: ['fw_'] },
  // Its streams say nothing of usage unless they are asked: Vercel's, LangChain's and LiteLLM's clients ask always.
  dialects: openAiRules({ streamUsage: true }),
  defaultDialect: openAiOther,
};
