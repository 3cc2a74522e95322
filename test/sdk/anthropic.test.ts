import Anthropic from '@anthropic-ai/sdk';
import type { LLMock } from '@copilotkit/aimock';
import { expect } from 'chai';
import { collect, expectRecord, M, startAimock, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const model = 'claude-sonnet-4-5';
const ask = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Say hello' }] };

describe('the Anthropic SDK', () => {
  let mock: LLMock;
  let bench: SdkBench;
  let client: Anthropic;
  before(async () => {
    mock = await startAimock();
    bench = await startSdkBench(mock.url);
    client = new Anthropic({ apiKey: 'sk-ant-client', baseURL: bench.url, maxRetries: 0 });
  });
  after(async () => {
    await bench.close();
    await mock.stop();
  });
  const expected = {
    provider: 'anthropic', model, path: '/v1/messages', status_code: 200, finish_reason: 'end_turn',
    input_tokens: 19, output_tokens: 10, total_tokens: 29, cost: (19 * 3 + 10 * 15) / M, price_source: 'genai-prices',
  };

  it('messages, JSON', async () => {
    const message = await client.messages.create(ask);
    expect(message.content[0]).to.deep.include({ type: 'text', text: 'Hello there.' });
    expectRecord(await bench.record(), { ...expected, stream: false });
  });

  it('messages, streamed', async () => {
    const stream = client.messages.stream(ask);
    expect(await stream.finalText()).to.equal('Hello there.');
    const record = await bench.record();
    expectRecord(record, { ...expected, stream: true });
    expect(record.time_to_first_token_ms).to.be.a('number');
  });
});

describe('the Anthropic SDK, recorded shapes', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: Anthropic;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
    client = new Anthropic({ apiKey: 'sk-ant-client', baseURL: bench.url, maxRetries: 0 });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });

  // 12 fresh, 5,000 read, 500 written for five minutes and 1,500 for an hour; 89 out, 60 of them thinking.
  const cached = {
    input_tokens: 7012, cached_tokens: 5000, cache_write_tokens: 2000, output_tokens: 89, reasoning_tokens: 60, total_tokens: 7101,
    cost: (12 * 3 + 5000 * 0.3 + 500 * 3.75 + 1500 * 6 + 89 * 15) / M,
  };

  it('messages, JSON, with a cache of two lifetimes and thinking', async () => {
    provider.answer = () => ({ json: {
      id: 'msg_1', type: 'message', role: 'assistant', model, content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', stop_sequence: null,
      usage: {
        input_tokens: 12, cache_creation_input_tokens: 2000, cache_read_input_tokens: 5000, cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 1500 },
        output_tokens: 89, output_tokens_details: { thinking_tokens: 60 }, service_tier: 'standard',
      },
    } });
    const message = await client.messages.create(ask);
    expect(message.usage.cache_read_input_tokens).to.equal(5000);
    expect(provider.requests.at(-1)?.request.headers).to.include({ authorization: 'Bearer sk-ant-client', 'anthropic-version': '2026-10-21' });
    expectRecord(await bench.record(), { provider: 'anthropic', model, ...cached });
  });

  it('messages, streamed, with the same', async () => {
    provider.answer = () => ({ fixture: 'anthropic/messages-stream.sse', contentType: 'text/event-stream' });
    const message = await client.messages.stream(ask).finalMessage();
    expect(message.stop_reason).to.equal('end_turn');
    expectRecord(await bench.record(), { provider: 'anthropic', stream: true, ...cached });
  });

  it('messages, streamed, with tools', async () => {
    provider.answer = () => ({ fixture: 'anthropic/messages-tools-stream.sse', contentType: 'text/event-stream' });
    const events = await collect(await client.messages.create({ ...ask, stream: true }));
    expect(events.at(-1)?.type).to.equal('message_stop');
    // 480 fresh, 20 read.
    expectRecord(await bench.record(), { finish_reason: 'tool_use', input_tokens: 500, cached_tokens: 20, output_tokens: 89, cost: (480 * 3 + 20 * 0.3 + 89 * 15) / M });
  });

  it('raises at an error within a stream; tokens are what was said until then', async () => {
    provider.answer = () => ({ fixture: 'anthropic/messages-error-stream.sse', contentType: 'text/event-stream' });
    const raised = await client.messages.stream(ask).finalMessage().catch((error: unknown) => error);
    expect(raised).to.be.instanceOf(Anthropic.APIError);
    expectRecord(await bench.record(), { provider_error_type: 'overloaded_error', provider_error_count: 1, input_tokens: 25, output_tokens: 1, cost: undefined });
  });

  it('counting tokens, batches, models, files: nothing that is billed', async () => {
    provider.answer = (path) => ({ json: path.includes('count_tokens') ? { input_tokens: 9 } : { id: 'x', type: 'message_batch', data: [], has_more: false } });
    await client.messages.countTokens({ model, messages: ask.messages });
    expectRecord(await bench.record(), { path: '/v1/messages/count_tokens', model, cost: undefined });
    await client.messages.batches.list();
    expectRecord(await bench.record(), { path: '/v1/messages/batches', method: 'GET', provider: 'anthropic', cost: undefined });
    await client.models.list();
    expectRecord(await bench.record(), { provider: 'anthropic', path: '/v1/models', cost: undefined });
  });

  it('speaks to Vertex AI with the client\'s bearer token, JSON and streamed', async () => {
    const vertex = new Anthropic({ authToken: 'ya29.client', apiKey: null, baseURL: bench.url, maxRetries: 0 });
    const at = '/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929';
    const body = { ...ask, model: undefined, anthropic_version: 'vertex-2023-10-16' };
    const expected = { provider: 'vertex', model: 'claude-sonnet-4-5@20250929', response_model: 'claude-sonnet-4-5-20250929', finish_reason: 'end_turn', price_source: 'genai-prices' };
    provider.answer = () => ({ json: {
      id: 'msg_vrtx_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5-20250929', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', stop_sequence: null,
      usage: { input_tokens: 3, cache_read_input_tokens: 100, cache_creation_input_tokens: 0, output_tokens: 50 },
    } });
    const message = await vertex.post<Anthropic.Message>(`${at}:rawPredict`, { body });
    expect(message.content[0]).to.deep.include({ text: 'Hi' });
    const { url, headers } = (provider.requests.at(-1) as Recordings['requests'][number]).request;
    expect(url).to.equal(`${at}:rawPredict`);
    expect(headers).to.include({ authorization: 'Bearer ya29.client' }).and.not.have.property('x-api-key');
    expectRecord(await bench.record(), { ...expected, path: `${at}:rawPredict`, stream: false, input_tokens: 103, cached_tokens: 100, output_tokens: 50, cost: 1.1 * (3 * 3 + 100 * 0.3 + 50 * 15) / M });

    const stream = (): Promise<AsyncIterable<Anthropic.MessageStreamEvent>> => vertex.post(`${at}:streamRawPredict`, { body: { ...body, stream: true }, stream: true });
    provider.answer = () => ({ fixture: 'anthropic/messages-tools-stream.sse', contentType: 'text/event-stream' });
    expect((await collect(await stream())).at(-1)?.type).to.equal('message_stop');
    const streamed = { ...expected, path: `${at}:streamRawPredict`, stream: true };
    expectRecord(await bench.record(), { ...streamed, finish_reason: 'tool_use', input_tokens: 500, cached_tokens: 20, output_tokens: 89, cost: 1.1 * (480 * 3 + 20 * 0.3 + 89 * 15) / M });
    // Nobody says what a cache of an hour costs at Google: not what one of five minutes costs.
    provider.answer = () => ({ fixture: 'anthropic/messages-stream.sse', contentType: 'text/event-stream' });
    await collect(await stream());
    expectRecord(await bench.record(), { provider: 'vertex', stream: true, ...cached, cost: undefined });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 529, json: { type: 'error', error: { type: 'overloaded_error', message: 'busy' }, request_id: 'r' } });
    const raised = await client.messages.create(ask).catch((error: unknown) => error);
    expect(raised).to.be.instanceOf(Anthropic.InternalServerError);
    expectRecord(await bench.record(), { status_code: 529, provider_error_type: 'overloaded_error', cost: undefined });
  });
});
