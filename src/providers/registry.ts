import type { Provider } from '../domain/provider.js';
import { anthropic } from './anthropic.js';
import { azureOpenai } from './azure-openai.js';
import { bedrock } from './bedrock.js';
import { cerebras } from './cerebras.js';
import { cohere } from './cohere.js';
import { deepseek } from './deepseek.js';
import { fireworks } from './fireworks.js';
import { gemini } from './gemini.js';
import { groq } from './groq.js';
import { mistral } from './mistral.js';
import { ollama } from './ollama.js';
import { openai } from './openai.js';
import { openrouter } from './openrouter.js';
import { perplexity } from './perplexity.js';
import { together } from './together.js';
import { vertex } from './vertex.js';
import { vllm } from './vllm.js';
import { xai } from './xai.js';

export { customProvider, CUSTOM_DIALECTS } from './custom.js';
export { customProviders } from './custom-list.js';
export { demoProvider } from './demo.js';

/** Every provider that the gateway knows: the one list. Adding one: its file, and its line here. */
export const PROVIDERS: readonly Provider[] = [
  openai,
  anthropic,
  gemini,
  bedrock,
  azureOpenai,
  vertex,
  groq,
  mistral,
  together,
  fireworks,
  deepseek,
  xai,
  cohere,
  openrouter,
  perplexity,
  cerebras,
  ollama,
  vllm,
];

/** The provider of that name, in whatever case it is written. */
export function providerByName(name: string): Provider | undefined {
  const wanted = name.toLowerCase();
  return PROVIDERS.find((provider) => provider.name === wanted);
}
