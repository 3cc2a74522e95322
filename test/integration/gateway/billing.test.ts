import { expect } from 'chai';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../../../src/domain/exchange.js';
import { upstreamsFrom } from '../../../src/gateway/create.js';
import type { Pricer } from '../../../src/pricing/price.js';
import { loadPricer } from '../../../src/pricing/pricer.js';
import { createRecorder } from '../../../src/telemetry/recorder.js';
import { everyProviderAt, startProxy, startUpstream, until, type ProxyHarness, type ScriptedUpstream } from '../../support/proxy-harness.js';

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly json?: Json;
  /** Events of a stream: its name and its data, or its data alone. */
  readonly events?: readonly (readonly [string, Json] | Json)[];
  readonly headers?: Readonly<Record<string, string>>;
}

const message = (model: string, usage: Json, more: Json = {}): Json => (
  { id: 'msg', type: 'message', role: 'assistant', model, content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn', ...more, usage });
const messageStream = (usage: Json, reason = 'end_turn'): Answer => ({ events: [
  ['message_start', { type: 'message_start', message: message('claude-opus-4-6', { input_tokens: 23_000, output_tokens: 1 }, { content: [], stop_reason: null }) }],
  ['content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } }],
  ['message_delta', { type: 'message_delta', delta: { stop_reason: reason }, usage }],
  ['message_stop', { type: 'message_stop' }],
] });
const completion = (model: string, usage: Json): Json => (
  { id: 'x', object: 'chat.completion', model, choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }], usage });
const ITERATIONS = [{ type: 'compaction', input_tokens: 180_000, output_tokens: 3_500 }, { type: 'message', input_tokens: 23_000, output_tokens: 1_000 }];
const MILLION = { prompt_tokens: 1_000_000, completion_tokens: 0, total_tokens: 1_000_000 };
const AGENT = { id: 'resp_1', object: 'response', status: 'completed', model: 'openai/gpt-5.2', output: [], usage: {
  input_tokens: 5_000, output_tokens: 500, total_tokens: 5_500, cost: { currency: 'USD', input_cost: 0.00875, output_cost: 0.007, tool_calls_cost: 0.005, total_cost: 0.02075 },
} };
const arn = 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0';
const vertexPath = (location: string, publisher: string, model: string, method: string): string => (
  `/v1/projects/p/locations/${location}/publishers/${publisher}/models/${model}:${method}`);

/** What is asked, what the provider answers, and what the record must say of it; a cost of null is none. */
const CALLS: readonly { name: string; path: string; body?: Json; headers?: Readonly<Record<string, string>>; answer: Answer; record: Json }[] = [
  { name: 'a compaction', path: '/v1/messages', body: { model: 'claude-opus-4-6' },
    answer: { json: message('claude-opus-4-6', { input_tokens: 23_000, output_tokens: 1_000, iterations: ITERATIONS }) },
    record: { input_tokens: 203_000, output_tokens: 4_500, total_tokens: 207_500, cost: 1.1275 } },
  { name: 'a compaction in a stream', path: '/v1/messages', body: { model: 'claude-opus-4-6', stream: true },
    answer: messageStream({ input_tokens: 23_000, output_tokens: 1_000, iterations: ITERATIONS }),
    record: { input_tokens: 203_000, output_tokens: 4_500, cost: 1.1275, finish_reason: 'end_turn' } },
  { name: 'an advisor at another model', path: '/v1/messages', body: { model: 'claude-sonnet-4-6' },
    answer: { json: message('claude-sonnet-4-6', { input_tokens: 400, output_tokens: 500, iterations: [
      { type: 'message', input_tokens: 200, output_tokens: 100 }, { type: 'advisor_message', model: 'claude-opus-4-6', input_tokens: 10_000, output_tokens: 2_000 },
      { type: 'message', input_tokens: 200, output_tokens: 400 }] }) },
    record: { input_tokens: 10_400, output_tokens: 2_500, cost: 0.1087 } },
  { name: 'a refusal before any output', path: '/v1/messages', body: { model: 'claude-fable-5' },
    answer: { json: message('claude-fable-5', { input_tokens: 100_000, output_tokens: 0 }, { content: [], stop_reason: 'refusal' }) },
    record: { input_tokens: 100_000, output_tokens: 0, cost: 0, finish_reason: 'refusal' } },
  { name: 'searches of the web in a stream', path: '/v1/messages', body: { model: 'claude-opus-4-6', stream: true },
    answer: messageStream({ input_tokens: 50_000, output_tokens: 1_000, server_tool_use: { web_search_requests: 3 } }), record: { cost: 0.305 } },
  { name: 'inference in the United States only', path: '/v1/messages', body: { model: 'claude-sonnet-4-6', inference_geo: 'us' },
    answer: { json: message('claude-sonnet-4-6', { input_tokens: 1_000_000, output_tokens: 100_000, service_tier: 'standard', inference_geo: 'us' }) }, record: { cost: 4.95 } },
  { name: 'both lifetimes of the cache beyond 200,000 tokens', path: '/v1/messages', body: { model: 'claude-sonnet-4-5' },
    answer: { json: message('claude-sonnet-4-5-20250929', { input_tokens: 1_000, cache_creation_input_tokens: 3_000, cache_read_input_tokens: 250_000,
      cache_creation: { ephemeral_5m_input_tokens: 1_000, ephemeral_1h_input_tokens: 2_000 }, output_tokens: 100, service_tier: 'standard' }) },
    record: { cost: 0.18975 } },
  { name: 'a cheaper read from cache', path: '/v1/messages', body: { model: 'claude-sonnet-5-5' },
    answer: { json: message('claude-sonnet-5-5', { input_tokens: 0, cache_read_input_tokens: 1_000_000, output_tokens: 0 }) }, record: { cost: 0.1, price_source: 'corrections' } },
  ...([['us-east5', 5.5], ['global', 5]] as const).map(([location, cost]) => ({
    name: `Claude on Vertex AI in ${location}`, path: vertexPath(location, 'anthropic', 'claude-opus-5', 'rawPredict'), body: { anthropic_version: 'vertex-2023-10-16' },
    answer: { json: message('claude-opus-5', { input_tokens: 1_000_000, output_tokens: 0 }) }, record: { cost } })),
  ...([['us-central1', 1.65], ['global', 1.5]] as const).map(([location, cost]) => ({
    name: `Gemini on Vertex AI in ${location}`, path: vertexPath(location, 'google', 'gemini-3.5-flash', 'generateContent'), body: { contents: [] },
    answer: { json: { candidates: [{ finishReason: 'STOP', content: { parts: [{ text: 'x' }] } }], modelVersion: 'gemini-3.5-flash',
      usageMetadata: { promptTokenCount: 1_000_000, candidatesTokenCount: 0, totalTokenCount: 1_000_000, trafficType: 'ON_DEMAND' } } }, record: { cost } })),
  { name: 'hidden thinking of Gemini', path: '/gemini/v1/chat/completions', body: { model: 'gemini-2.5-flash' },
    answer: { json: completion('gemini-2.5-flash', { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 }) },
    record: { input_tokens: 20, output_tokens: 603, total_tokens: 623, cost: 0.0015135 } },
  { name: 'a total that contradicts its parts', path: '/v1/chat/completions', body: { model: 'gpt-4o' },
    answer: { json: completion('gpt-4o', { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 }) },
    record: { input_tokens: 20, output_tokens: 198, total_tokens: 623, cost: null } },
  ...(['responses', 'agent'] as const).map((name) => ({
    name: `Perplexity's own figure at /v1/${name}`, path: `/perplexity/v1/${name}`, body: { model: 'openai/gpt-5.2', input: 'x' }, answer: { json: AGENT },
    record: { cost: 0.02075, price_source: 'provider', finish_reason: 'completed' } })),
  { name: 'OpenRouter\'s own figure of a message', path: '/openrouter/v1/messages', body: { model: 'anthropic/claude-sonnet-4.5' },
    answer: { json: message('anthropic/claude-4.5-sonnet-20250929', { input_tokens: 100, output_tokens: 50, cost: 0.00123, is_byok: false }) },
    record: { cost: 0.00123, price_source: 'provider' } },
  { name: 'OpenRouter\'s own figure of a message in a stream', path: '/openrouter/v1/messages', body: { model: 'anthropic/claude-sonnet-4.5', stream: true },
    answer: messageStream({ output_tokens: 50, cost: 0.00123 }), record: { output_tokens: 50, cost: 0.00123, price_source: 'provider' } },
  { name: 'Moonshot\'s name of cached tokens', path: '/moonshotai/v1/chat/completions', body: { model: 'kimi-k3' },
    answer: { json: completion('kimi-k3', { prompt_tokens: 29_567, completion_tokens: 100, total_tokens: 29_667, cached_tokens: 29_184 }) },
    record: { cached_tokens: 29_184, cost: 0.0114042 } },
  { name: 'an ARN of a foundation model', path: `/model/${encodeURIComponent(arn)}/converse`, body: { messages: [] }, headers: { authorization: 'Bearer x' },
    answer: { json: { output: {}, stopReason: 'end_turn', usage: { inputTokens: 1_000, outputTokens: 100, totalTokens: 1_100 } } }, record: { cost: 0.00495 } },
  { name: 'a tier of Bedrock\'s in a header', path: '/model/openai.gpt-oss-120b-1:0/invoke', body: { messages: [] }, headers: { authorization: 'Bearer x' },
    answer: { json: completion('openai.gpt-oss-120b-1:0', MILLION), headers: { 'x-amzn-bedrock-service-tier': 'flex', 'x-amzn-bedrock-input-token-count': '1000000' } },
    record: { input_tokens: 1_000_000, cost: null } },
  { name: 'the second version of an embedding', path: '/model/amazon.titan-embed-text-v2%3A0/invoke', body: { inputText: 'x' }, headers: { authorization: 'Bearer x' },
    answer: { json: { embedding: [0.1], inputTextTokenCount: 1_000_000 }, headers: { 'x-amzn-bedrock-input-token-count': '1000000' } }, record: { cost: 0.02 } },
  { name: 'audio of a preview model', path: '/v1/chat/completions', body: { model: 'gpt-4o-audio-preview' },
    answer: { json: completion('gpt-4o-audio-preview-2025-06-03', { prompt_tokens: 1_000, completion_tokens: 1_000, total_tokens: 2_000,
      prompt_tokens_details: { audio_tokens: 900, text_tokens: 100 }, completion_tokens_details: { audio_tokens: 900, text_tokens: 100 } }) }, record: { cost: 0.10925 } },
  { name: 'the latest model of Mistral\'s', path: '/mistral/v1/chat/completions', body: { model: 'mistral-small-latest' },
    answer: { json: completion('mistral-small-latest', { prompt_tokens: 1_000_000, completion_tokens: 1_000_000, total_tokens: 2_000_000, prompt_tokens_details: { cached_tokens: 500_000 } }) },
    record: { cost: 0.6825 } },
];

describe('what a call cost, from the provider\'s answer to the record', () => {
  let upstream: ScriptedUpstream;
  let proxy: ProxyHarness;
  let pricer: Pricer;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const lines: string[] = [];
  const record = createRecorder({ log: { append: (line) => { lines.push(line); } }, price: (query) => pricer.price(query), instance: 'test', version: '1' });

  before(async () => {
    upstream = await startUpstream((request, response) => { answer(request, response); });
    const env: Record<string, string> = {
      ...everyProviderAt(upstream.url), CUSTOM_PROVIDERS: JSON.stringify([{ name: 'moonshotai', baseUrl: upstream.url, dialect: 'openai-chat' }]),
    };
    const upstreams = upstreamsFrom((name) => (env[name] === undefined ? undefined : { value: env[name], source: 'environment' }));
    const ids = new Map(upstreams.map(({ provider }) => [provider.name, provider.pricingId ?? provider.name]));
    pricer = await loadPricer({ providerIds: (provider) => ids.get(provider) });
    proxy = await startProxy({ env, allowOpen: true, onRecord: (exchange: Exchange) => { void record(exchange); } });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });
  beforeEach(() => { lines.length = 0; });

  function give({ json, events, headers = {} }: Answer): void {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': json === undefined ? 'text/event-stream' : 'application/json', ...headers });
      if (json !== undefined) return response.end(JSON.stringify(json));
      for (const event of events ?? []) {
        const [name, data] = isNamed(event) ? event : [undefined, event];
        response.write(`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`);
      }
      return response.end();
    };
  }

  async function call(path: string, init: RequestInit = {}): Promise<Json> {
    const response = await fetch(proxy.url + path, init);
    await response.text();
    await until(() => lines.length > 0);
    return JSON.parse(lines.shift() as string) as Json;
  }

  const post = (path: string, body: Json, headers: Readonly<Record<string, string>> = {}): Promise<Json> => (
    call(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }));

  for (const { name, path, body = {}, headers, answer: given, record: expected } of CALLS) {
    it(`counts ${name}`, async () => {
      give(given);
      const line = await post(path, body, headers);
      for (const [field, value] of Object.entries(expected)) {
        if (value === null) expect(line).to.not.have.property(field);
        else if (field === 'cost') expect(line[field]).to.be.closeTo(value as number, 1e-10);
        else expect(line[field], field).to.equal(value);
      }
    });
  }

  it('asks Perplexity\'s Agent API at its own path', async () => {
    give({ json: AGENT });
    upstream.requests.length = 0;
    await post('/perplexity/v1/agent', { model: 'openai/gpt-5.2', input: 'x' });
    expect(upstream.requests[0]?.request.url).to.equal('/v1/agent');
  });

  describe('of a response in the background', () => {
    const response = (id: string, status: string, usage: Json | null, background = true): Json => (
      { id, object: 'response', status, model: 'gpt-5-2025-08-07', background, usage, error: null, output: [], service_tier: 'default' });
    const USAGE = { input_tokens: 1_000, output_tokens: 2_000, total_tokens: 3_000 };
    const COST = (1_000 * 1.25 + 2_000 * 10) / 1e6;

    async function start(id: string): Promise<void> {
      give({ json: response(id, 'queued', null) });
      expect(await post('/v1/responses', { model: 'gpt-5', input: 'x', background: true })).to.not.have.any.keys('input_tokens', 'cost');
    }

    it('counts once, when it is first read as finished', async () => {
      await start('resp_1');
      give({ json: response('resp_1', 'in_progress', null) });
      expect(await call('/v1/responses/resp_1')).to.not.have.any.keys('input_tokens', 'cost');
      give({ json: response('resp_1', 'completed', USAGE) });
      const line = await call('/v1/responses/resp_1');
      expect(line).to.include({ input_tokens: 1_000, output_tokens: 2_000, response_model: 'gpt-5-2025-08-07', finish_reason: 'completed' });
      expect(line.cost).to.be.closeTo(COST, 1e-12);
      expect(await call('/v1/responses/resp_1'), 'read again').to.not.have.any.keys('input_tokens', 'cost');
    });

    it('counts when it is read as a stream', async () => {
      await start('resp_2');
      give({ events: [
        ['response.created', { type: 'response.created', response: response('resp_2', 'in_progress', null) }],
        ['response.output_text.delta', { type: 'response.output_text.delta', delta: 'hi' }],
        ['response.completed', { type: 'response.completed', response: response('resp_2', 'completed', USAGE) }],
      ] });
      expect((await call('/v1/responses/resp_2?stream=true')).cost).to.be.closeTo(COST, 1e-12);
      expect(await call('/v1/responses/resp_2?stream=true&starting_after=1')).to.not.have.any.keys('input_tokens', 'cost');
    });

    it('counts no response that was started elsewhere, or made while the client waited', async () => {
      give({ json: response('resp_3', 'completed', USAGE) });
      expect(await call('/v1/responses/resp_3')).to.not.have.any.keys('input_tokens', 'cost');
      give({ json: response('resp_4', 'completed', USAGE, false) });
      expect((await post('/v1/responses', { model: 'gpt-5', input: 'x' })).cost).to.be.closeTo(COST, 1e-12);
      expect(await call('/v1/responses/resp_4')).to.not.have.any.keys('input_tokens', 'response_model', 'cost');
    });

    it('does not blame the call that reads a failed one', async () => {
      await start('resp_5');
      give({ json: { ...response('resp_5', 'failed', null), error: { code: 'server_error', message: 'x' } } });
      expect(await call('/v1/responses/resp_5')).to.include({ error_count: 0, provider_error_count: 0 }).and.not.have.property('provider_error_type');
    });
  });

  describe('of a stream that breaks off', () => {
    it('is not told from the counts of its beginning, which are recorded', async () => {
      answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const start = message('claude-opus-4-6', { input_tokens: 23_000, output_tokens: 1 }, { content: [], stop_reason: null });
        response.write(`event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message: start })}\n\n`);
      };
      const client = new AbortController();
      const response = await fetch(`${proxy.url}/v1/messages`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"model":"claude-opus-4-6","stream":true}', signal: client.signal,
      });
      await response.body?.getReader().read();
      client.abort();
      await until(() => lines.length > 0);
      expect(JSON.parse(lines.shift() as string)).to.include({ end_reason: 'client', input_tokens: 23_000, output_tokens: 1 }).and.not.have.property('cost');
    });

    it('is not told after an error within it', async () => {
      give({ events: [
        ['message_start', { type: 'message_start', message: message('claude-opus-4-6', { input_tokens: 23_000, output_tokens: 1 }, { content: [], stop_reason: null }) }],
        ['error', { type: 'error', error: { type: 'overloaded_error', message: 'x' } }],
      ] });
      expect(await post('/v1/messages', { model: 'claude-opus-4-6', stream: true })).to.include({ input_tokens: 23_000 }).and.not.have.property('cost');
    });
  });
});

function isNamed(event: readonly [string, Json] | Json): event is readonly [string, Json] {
  return Array.isArray(event);
}
