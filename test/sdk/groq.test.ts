import { expect } from 'chai';
import Groq from 'groq-sdk';
import { collect, expectRecord, M, startAimock, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const messages = [{ role: 'user' as const, content: 'Say hello' }];

describe('the Groq SDK', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: Groq;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
    // Its paths begin with /openai/v1 by themselves.
    client = new Groq({ apiKey: 'gsk-client', baseURL: `${bench.url}/groq`, maxRetries: 0 });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });
  const model = 'openai/gpt-oss-20b';
  const expected = { provider: 'groq', model, path: '/groq/openai/v1/chat/completions', input_tokens: 78, output_tokens: 31, reasoning_tokens: 20, cost: (78 * 0.075 + 31 * 0.3) / M };

  it('chat, JSON', async () => {
    provider.answer = () => ({ json: {
      id: 'c', object: 'chat.completion', created: 1, model, choices: [{ index: 0, message: { role: 'assistant', content: 'Yes' }, finish_reason: 'stop', logprobs: null }],
      usage: { queue_time: 0.04, prompt_tokens: 78, prompt_time: 0.003, completion_tokens: 31, completion_time: 0.03, total_tokens: 109, total_time: 0.033, completion_tokens_details: { reasoning_tokens: 20 } },
      usage_breakdown: null, system_fingerprint: 'fp', x_groq: { id: 'req_1' }, service_tier: 'on_demand',
    } });
    const { choices } = await client.chat.completions.create({ model, messages });
    expect(choices[0]?.message.content).to.equal('Yes');
    expect(provider.requests.at(-1)?.request.url).to.equal('/openai/v1/chat/completions');
    expectRecord(await bench.record(), { ...expected, stream: false });
  });

  it('chat, streamed: usage stands in x_groq', async () => {
    provider.answer = () => ({ fixture: 'groq/chat-stream.sse', contentType: 'text/event-stream' });
    const chunks = await collect(await client.chat.completions.create({ model, messages, stream: true }));
    expect(chunks.at(-1)?.x_groq?.usage?.total_tokens).to.equal(109);
    expectRecord(await bench.record(), { ...expected, stream: true });
  });

  it('a stream that Groq stops', async () => {
    provider.answer = () => ({ fixture: 'groq/chat-stopped-stream.sse', contentType: 'text/event-stream' });
    await collect(await client.chat.completions.create({ model: 'llama-3.3-70b-versatile', messages, stream: true })).catch(() => undefined);
    expectRecord(await bench.record(), { provider_error_type: 'over_capacity', provider_error_count: 1, cost: undefined });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 429, json: { error: { message: 'slow down', type: 'tokens', code: 'rate_limit_exceeded' } } });
    expect(await client.chat.completions.create({ model, messages }).catch((error: unknown) => error)).to.be.instanceOf(Groq.RateLimitError);
    expectRecord(await bench.record(), { status_code: 429, provider_error_type: 'rate_limit_exceeded', cost: undefined });
  });

  it('works with aimock too, JSON and streamed', async () => {
    const mock = await startAimock();
    const other = await startSdkBench(mock.url);
    const groq = new Groq({ apiKey: 'gsk-client', baseURL: `${other.url}/groq`, maxRetries: 0 });
    const used = { provider: 'groq', input_tokens: 19, output_tokens: 10, cost: (19 * 0.59 + 10 * 0.79) / M };
    await groq.chat.completions.create({ model: 'llama-3.3-70b-versatile', messages });
    expectRecord(await other.record(), used);
    // Groq cannot be asked for usage the way OpenAI can, and aimock knows no other: the client asks.
    await collect(await groq.chat.completions.create({ model: 'llama-3.3-70b-versatile', messages, stream: true, stream_options: { include_usage: true } } as Parameters<typeof groq.chat.completions.create>[0] & { stream: true }));
    expectRecord(await other.record(), { ...used, stream: true });
    await other.close();
    await mock.stop();
  });
});
