import { Mistral } from '@mistralai/mistralai';
import { expect } from 'chai';
import { collect, expectRecord, M, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const messages = [{ role: 'user' as const, content: 'Say hello' }];

describe('the Mistral SDK', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: Mistral;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
    client = new Mistral({ apiKey: 'client-key', serverURL: `${bench.url}/mistral`, retryConfig: { strategy: 'none' } });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });
  const model = 'magistral-medium-latest';
  const expected = { provider: 'mistral', model, input_tokens: 12, output_tokens: 28, cached_tokens: 2, finish_reason: 'stop', cost: (10 * 1.5 + 2 * 0.15 + 28 * 7.5) / M };

  it('chat, JSON', async () => {
    provider.answer = () => ({ json: {
      id: 'c', object: 'chat.completion', created: 1, model, choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', tool_calls: null }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 12, completion_tokens: 28, total_tokens: 40, prompt_tokens_details: { cached_tokens: 2 } },
    } });
    const { choices } = await client.chat.complete({ model, messages });
    expect(choices[0]?.message?.content).to.equal('Hi');
    expect(provider.requests.at(-1)?.request.url).to.equal('/v1/chat/completions');
    expectRecord(await bench.record(), { ...expected, stream: false });
  });

  it('chat, streamed', async () => {
    provider.answer = () => ({ fixture: 'mistral/chat-stream.sse', contentType: 'text/event-stream' });
    const events = await collect(await client.chat.stream({ model, messages }));
    expect(events.at(-1)?.data.usage?.totalTokens).to.equal(40);
    expectRecord(await bench.record(), { ...expected, path: '/mistral/v1/chat/completions', stream: true });
  });

  it('fill-in-the-middle', async () => {
    provider.answer = () => ({ json: {
      id: 'c', object: 'chat.completion', created: 1, model: 'codestral-latest', choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 8, completion_tokens: 9, total_tokens: 17 },
    } });
    await client.fim.complete({ model: 'codestral-latest', prompt: 'def', suffix: 'return' });
    expectRecord(await bench.record(), { path: '/mistral/v1/fim/completions', model: 'codestral-latest', input_tokens: 8, output_tokens: 9, cost: (8 * 0.3 + 9 * 0.9) / M });
  });

  it('embeddings', async () => {
    provider.answer = () => ({ json: { id: 'e', object: 'list', model: 'mistral-embed', data: [{ object: 'embedding', index: 0, embedding: [0.1] }], usage: { prompt_tokens: 15, total_tokens: 15, completion_tokens: 0 } } });
    await client.embeddings.create({ model: 'mistral-embed', inputs: ['words'] });
    expectRecord(await bench.record(), { path: '/mistral/v1/embeddings', input_tokens: 15, output_tokens: 0, cost: 15 * 0.1 / M });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 422, json: { detail: [{ loc: ['body', 'model'], msg: 'Field required', type: 'missing' }] } });
    expect(await client.chat.complete({ model, messages }).catch((error: unknown) => error)).to.include({ name: 'HTTPValidationError' });
    expectRecord(await bench.record(), { status_code: 422, provider_error_type: 'missing', cost: undefined });
  });
});
