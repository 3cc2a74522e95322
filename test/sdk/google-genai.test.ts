import { GoogleGenAI, type GoogleGenAIOptions } from '@google/genai';
import type { LLMock } from '@copilotkit/aimock';
import { expect } from 'chai';
import { collect, expectRecord, M, startAimock, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const ask = { model: 'gemini-2.5-flash', contents: 'Say hello' };

describe('the Google Gen AI SDK', () => {
  let mock: LLMock;
  let bench: SdkBench;
  let client: GoogleGenAI;
  before(async () => {
    mock = await startAimock();
    bench = await startSdkBench(mock.url);
    client = new GoogleGenAI({ apiKey: 'client-key', httpOptions: { baseUrl: bench.url } });
  });
  after(async () => {
    await bench.close();
    await mock.stop();
  });
  const expected = {
    provider: 'gemini', model: 'gemini-2.5-flash', status_code: 200, finish_reason: 'STOP', input_tokens: 19, output_tokens: 10, total_tokens: 29,
    cost: (19 * 0.3 + 10 * 2.5) / M, price_source: 'genai-prices',
  };

  it('generateContent, JSON', async () => {
    expect((await client.models.generateContent(ask)).text).to.equal('Hello there.');
    expectRecord(await bench.record(), { ...expected, path: '/v1beta/models/gemini-2.5-flash:generateContent', stream: false });
  });

  it('generateContent, streamed', async () => {
    const chunks = await collect(await client.models.generateContentStream(ask));
    expect(chunks.map(({ text }) => text ?? '').join('')).to.equal('Hello there.');
    const record = await bench.record();
    expectRecord(record, { ...expected, path: '/v1beta/models/gemini-2.5-flash:streamGenerateContent', stream: true });
    expect(record.time_to_first_token_ms).to.be.a('number');
  });

  it('interactions, JSON and streamed', async () => {
    const used = { provider: 'gemini', path: '/v1beta/interactions', model: 'gemini-2.5-flash', finish_reason: 'completed', input_tokens: 19, output_tokens: 10, cost: expected.cost };
    await client.interactions.create({ model: 'gemini-2.5-flash', input: 'Say hello' });
    expectRecord(await bench.record(), { ...used, stream: false });
    const events = await collect(await client.interactions.create({ model: 'gemini-2.5-flash', input: 'Say hello', stream: true }));
    expect(events.some(({ event_type: type }) => type === 'interaction.completed')).to.equal(true);
    expectRecord(await bench.record(), { ...used, stream: true });
  });
});

describe('the Google Gen AI SDK, recorded shapes', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: GoogleGenAI;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
    client = new GoogleGenAI({ apiKey: 'client-key', httpOptions: { baseUrl: bench.url } });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });

  // 11 of the prompt (4 cached, 2 audio) and 5 from tools; 6 candidates and 45 thoughts.
  const thoughtful = { input_tokens: 16, output_tokens: 51, cached_tokens: 4, reasoning_tokens: 45, cost: (10 * 0.3 + 4 * 0.03 + 2 * 1 + 51 * 2.5) / M };

  it('generateContent, streamed, with thoughts, tools and a cache', async () => {
    provider.answer = (path) => {
      expect(path).to.equal('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
      return { fixture: 'gemini/stream.sse', contentType: 'text/event-stream' };
    };
    await collect(await client.models.generateContentStream(ask));
    expect(provider.requests.at(-1)?.request.headers).to.include({ 'x-goog-api-key': 'client-key' });
    expectRecord(await bench.record(), { provider: 'gemini', stream: true, ...thoughtful });
  });

  it('the same stream without alt=sse is a growing JSON array', async () => {
    provider.answer = () => ({ fixture: 'gemini/stream-array.json', contentType: 'application/json; charset=UTF-8' });
    const response = await fetch(`${bench.url}/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=client-key`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
    });
    expect(await response.json()).to.be.an('array');
    expectRecord(await bench.record(), { provider: 'gemini', stream: true, ...thoughtful });
  });

  it('embeddings, token counts, models', async () => {
    provider.answer = (path) => ({ json: path.includes(':countTokens') ? { totalTokens: 9 } : path.includes('mbedContent') ? { embeddings: [{ values: [0.1] }], embedding: { values: [0.1] } } : { models: [] } });
    await client.models.embedContent({ model: 'gemini-embedding-001', contents: 'words' });
    expectRecord(await bench.record(), { provider: 'gemini', model: 'gemini-embedding-001', status_code: 200, cost: undefined });
    await client.models.countTokens(ask);
    expectRecord(await bench.record(), { model: 'gemini-2.5-flash', cost: undefined });
    await client.models.list();
    expectRecord(await bench.record(), { provider: 'gemini', path: '/v1beta/models', cost: undefined });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 429, json: { error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED' } } });
    const raised = await client.models.generateContent(ask).catch((error: unknown) => error);
    expect(raised).to.include({ name: 'ApiError', status: 429 });
    expectRecord(await bench.record(), { status_code: 429, provider_error_type: 'RESOURCE_EXHAUSTED', cost: undefined });
  });

  it('speaks to Vertex AI with the client\'s bearer token, Gemini there', async () => {
    const vertex = new GoogleGenAI({
      vertexai: true, project: 'p', location: 'us-central1', httpOptions: { baseUrl: `${bench.url}/vertex` },
      googleAuthOptions: { authClient: holderOf('ya29.client') },
    });
    provider.answer = (path) => (path.includes(':stream') ? { fixture: 'gemini/stream.sse', contentType: 'text/event-stream' }
      : { json: { candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }], modelVersion: 'gemini-2.5-flash', usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 3, totalTokenCount: 13 } } });
    expect((await vertex.models.generateContent(ask)).text).to.equal('Hi');
    expect(provider.requests.at(-1)?.request.headers.authorization).to.equal('Bearer ya29.client');
    expect(provider.requests.at(-1)?.request.url).to.equal('/v1beta1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent');
    expectRecord(await bench.record(), { provider: 'vertex', model: 'gemini-2.5-flash', input_tokens: 10, output_tokens: 3, cost: (10 * 0.3 + 3 * 2.5) / M });
    await collect(await vertex.models.generateContentStream(ask));
    expectRecord(await bench.record(), { provider: 'vertex', stream: true, ...thoughtful });
  });
});

type AuthClient = NonNullable<NonNullable<GoogleGenAIOptions['googleAuthOptions']>['authClient']>;

/** What Google's libraries ask for a token, without asking Google. */
function holderOf(token: string): AuthClient {
  return { getRequestHeaders: () => Promise.resolve(new Headers({ authorization: `Bearer ${token}` })) } as unknown as AuthClient;
}
