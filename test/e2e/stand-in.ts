import { LLMock } from '@copilotkit/aimock';

/** The key that only the gateway holds, and the one that only its clients do. */
export const PROVIDER_KEY = 'the-key-of-the-provider';
export const GATEWAY_KEY = 'the-key-of-the-client';
export const CLIENT = 'e2e';
/** A provider at whose address nobody listens. */
export const CLOSED_PROVIDER = 'mistral';
export const INPUT_TOKENS = 1_000;
export const OUTPUT_TOKENS = 200;
/** Must be found nowhere but in the request and its answer. */
export const PROMPT = 'a secret that only the provider may read';
export const ANSWER = 'an answer that only the client may read';

/** The paid provider: it says what the test knows, and demands its key. */
export async function startStandIn(): Promise<LLMock> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent', auth: { apiKeys: [PROVIDER_KEY] } });
  const usage = { prompt_tokens: INPUT_TOKENS, completion_tokens: OUTPUT_TOKENS, total_tokens: INPUT_TOKENS + OUTPUT_TOKENS, input_tokens: INPUT_TOKENS, output_tokens: OUTPUT_TOKENS };
  mock.on({ model: 'model-slow' }, { content: 'word '.repeat(500) }, { latency: 20, chunkSize: 5 });
  mock.on({ model: 'model-limited' }, { error: { message: 'slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded' }, status: 429 });
  mock.on({ endpoint: 'embedding' }, { embedding: [0.1, 0.2, 0.3] });
  mock.on({ endpoint: 'chat' }, { content: ANSWER, usage, finishReason: 'stop' });
  await mock.start();
  return mock;
}
