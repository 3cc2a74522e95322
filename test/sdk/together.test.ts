import { expect } from 'chai';
import Together from 'together-ai';
import { collect, expectRecord, M, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const messages = [{ role: 'user' as const, content: 'Say hello' }];

describe('the Together SDK', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: Together;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
    client = new Together({ apiKey: 'client-key', baseURL: `${bench.url}/together/v1`, maxRetries: 0 });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });
  const model = 'meta-llama/Llama-3.3-70B-Instruct-Turbo';
  const expected = { provider: 'together', model, input_tokens: 37, output_tokens: 11, total_tokens: 48, cost: (37 + 11) * 0.88 / M };

  it('chat, JSON', async () => {
    provider.answer = () => ({ json: {
      id: 'c', object: 'chat.completion', created: 1, model, choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', tool_calls: [] }, finish_reason: 'eos' }],
      usage: { prompt_tokens: 37, completion_tokens: 11, total_tokens: 48 },
    } });
    const { choices } = await client.chat.completions.create({ model, messages });
    expect(choices[0]?.message?.content).to.equal('Hi');
    expect(provider.requests.at(-1)?.request.url).to.equal('/v1/chat/completions');
    expectRecord(await bench.record(), { ...expected, stream: false, finish_reason: 'eos' });
  });

  it('chat, streamed', async () => {
    provider.answer = () => ({ fixture: 'together/chat-stream.sse', contentType: 'text/event-stream' });
    const chunks = await collect(await client.chat.completions.create({ model, messages, stream: true }));
    expect(chunks.at(-1)?.usage?.total_tokens).to.equal(48);
    expectRecord(await bench.record(), { ...expected, stream: true });
  });

  it('embeddings', async () => {
    provider.answer = () => ({ json: { object: 'list', model: 'BAAI/bge-base-en-v1.5', data: [{ object: 'embedding', index: 0, embedding: [0.1] }] } });
    await client.embeddings.create({ model: 'BAAI/bge-base-en-v1.5', input: 'words' });
    expectRecord(await bench.record(), { path: '/together/v1/embeddings', model: 'BAAI/bge-base-en-v1.5', cost: undefined });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 429, json: { model, error: 'slow down', type: 'rate_limit' } });
    expect(await client.chat.completions.create({ model, messages }).catch((error: unknown) => error)).to.be.instanceOf(Together.RateLimitError);
    expectRecord(await bench.record(), { status_code: 429, provider_error_type: 'rate_limit', cost: undefined });
  });
});
