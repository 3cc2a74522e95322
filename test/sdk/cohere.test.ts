import { CohereClientV2, CohereError } from 'cohere-ai';
import { expect } from 'chai';
import { collect, expectRecord, M, startAimock, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const messages = [{ role: 'user' as const, content: 'Say hello' }];
const model = 'command-a-03-2025';

describe('the Cohere SDK', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: CohereClientV2;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
    client = new CohereClientV2({ token: 'client-key', environment: `${bench.url}/cohere`, maxRetries: 0 });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });
  const expected = { provider: 'cohere', model, path: '/cohere/v2/chat', finish_reason: 'COMPLETE', input_tokens: 5, output_tokens: 24, cost: (5 * 2.5 + 24 * 10) / M };

  it('chat, JSON: what is billed counts', async () => {
    provider.answer = () => ({ json: {
      id: 'c', finish_reason: 'COMPLETE', message: { role: 'assistant', content: [{ type: 'text', text: 'Hi' }] },
      usage: { billed_units: { input_tokens: 5, output_tokens: 24 }, tokens: { input_tokens: 71, output_tokens: 26 } },
    } });
    const { usage } = await client.chat({ model, messages });
    expect(usage?.billedUnits?.inputTokens).to.equal(5);
    expect(provider.requests.at(-1)?.request.headers.authorization).to.equal('Bearer client-key');
    expectRecord(await bench.record(), { ...expected, stream: false });
  });

  it('chat, streamed', async () => {
    provider.answer = () => ({ fixture: 'cohere/chat-stream.sse', contentType: 'text/event-stream' });
    const events = await collect(await client.chatStream({ model, messages }));
    expect(events.at(-1)?.type).to.equal('message-end');
    const record = await bench.record();
    expectRecord(record, { ...expected, stream: true });
    expect(record.time_to_first_token_ms).to.be.a('number');
  });

  it('embed and rerank', async () => {
    provider.answer = (path) => ({ json: path === '/v2/embed'
      ? { id: 'e', embeddings: { float: [[0.1]] }, texts: ['words'], meta: { billed_units: { input_tokens: 300 } } }
      : { id: 'r', results: [{ index: 0, relevance_score: 0.9 }], meta: { billed_units: { search_units: 1 } } } });
    await client.embed({ model: 'embed-v4.0', inputType: 'search_document', texts: ['words'], embeddingTypes: ['float'] });
    expectRecord(await bench.record(), { path: '/cohere/v2/embed', model: 'embed-v4.0', input_tokens: 300, cost: 300 * 0.12 / M });
    await client.rerank({ model: 'rerank-v3.5', query: 'x', documents: ['words'] });
    expectRecord(await bench.record(), { path: '/cohere/v2/rerank', model: 'rerank-v3.5', status_code: 200, cost: undefined });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 429, json: { id: 'x', message: 'trial key' } });
    expect(await client.chat({ model, messages }).catch((error: unknown) => error)).to.be.instanceOf(CohereError);
    expectRecord(await bench.record(), { status_code: 429, provider_error_type: 'TooManyRequestsError', cost: undefined });
  });

  it('works with aimock too, JSON and streamed', async () => {
    const mock = await startAimock();
    const other = await startSdkBench(mock.url);
    const cohere = new CohereClientV2({ token: 'client-key', environment: other.url, maxRetries: 0 }); // /v2/chat can only be Cohere's
    const used = { provider: 'cohere', path: '/v2/chat', input_tokens: 19, output_tokens: 10, cost: (19 * 2.5 + 10 * 10) / M };
    await cohere.chat({ model, messages });
    expectRecord(await other.record(), { ...used, stream: false });
    await collect(await cohere.chatStream({ model, messages }));
    expectRecord(await other.record(), { ...used, stream: true });
    await other.close();
    await mock.stop();
  });
});
