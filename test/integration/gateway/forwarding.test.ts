import { expect } from 'chai';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { startProxy, startUpstream, rawExchange, until, type ProxyHarness, type ScriptedUpstream, type HarnessOptions } from '../../support/proxy-harness.js';
import type { RequestListener } from 'node:http';

const CHAT = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] });
const CHAT_STREAM = JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'hi' }] });
const ANSWER = JSON.stringify({
  id: 'chatcmpl-1', object: 'chat.completion', model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 1 } },
});
const EVENTS = [
  'data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}\n\n',
  'data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"hel"},"finish_reason":null}],"usage":null}\n\n',
  'data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}],"usage":null}\n\n',
];
const USAGE_EVENT = 'data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}\n\n';
const DONE = 'data: [DONE]\n\n';

describe('forwarding', () => {
  let proxy: ProxyHarness;
  let upstream: ScriptedUpstream;

  async function start(handler: RequestListener, options: HarnessOptions = {}): Promise<void> {
    upstream = await startUpstream(handler);
    proxy = await startProxy({ ...options, env: { OPENAI_BASE_URL: upstream.url, ANTHROPIC_BASE_URL: upstream.url, ...options.env } });
  }
  afterEach(async () => {
    await proxy.close();
    await upstream.close();
  });
  const post = (body: string | Buffer, headers: Record<string, string> = {}, path = '/v1/chat/completions'): Promise<Response> =>
    fetch(`${proxy.url}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json', authorization: 'Bearer sk-client', ...headers } });

  it('carries a JSON call and records it', async () => {
    await start((_request, response) => { response.writeHead(200, { 'content-type': 'application/json', 'x-ratelimit-remaining-requests': '9' }).end(ANSWER); });
    const response = await post(CHAT, { 'x-user-id': 'u-1', 'x-project-id': 'p-1' });
    expect(await response.text()).to.equal(ANSWER);
    expect(response.headers.get('x-ratelimit-remaining-requests')).to.equal('9');
    const exchange = await proxy.exchange();
    expect(response.headers.get('x-gateway-request-id')).to.equal(exchange.requestId);
    expect(exchange).to.deep.include({
      provider: 'openai', model: 'gpt-4o-mini', responseModel: 'gpt-4o-mini-2024-07-18', stream: false, path: '/v1/chat/completions', method: 'POST', statusCode: 200,
      providerStatusCode: 200, requestSize: CHAT.length, responseSize: ANSWER.length, finishReason: 'stop', endReason: 'complete', attempts: 1, errorCount: 0,
      providerErrorCount: 0, userId: 'u-1', projectId: 'p-1',
    });
    expect(exchange.usage).to.deep.include({ inputTokens: 12, outputTokens: 3, totalTokens: 15, cachedTokens: 4, reasoningTokens: 1 });
    expect(exchange.errorType).to.equal(undefined);
    expect(exchange.totalMs).to.be.at.least(exchange.providerMs as number);
    const { request, body } = upstream.requests[0] as { request: { headers: Record<string, string> }; body: Buffer };
    expect(body.toString()).to.equal(CHAT);
    expect(request.headers).to.include({ authorization: 'Bearer sk-client', via: '1.1 gateway-test' });
    expect(request.headers).to.not.have.any.keys('x-user-id', 'x-project-id');
  });

  it('passes a stream chunk by chunk and takes the usage chunk out for a client that did not ask', async () => {
    let go: () => void = () => undefined;
    const seen = new Promise<void>((resolve) => { go = resolve; });
    await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(EVENTS[0]);
      // The client has the first event before the second is sent.
      void seen.then(() => {
        for (const event of [...EVENTS.slice(1), USAGE_EVENT, DONE]) response.write(event);
        response.end();
      });
    });
    const response = await post(CHAT_STREAM);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = await reader.read();
    let text = Buffer.from(first.value as Uint8Array).toString();
    expect(text).to.equal(EVENTS[0]);
    go();
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += Buffer.from(part.value).toString();
    expect(text).to.equal([...EVENTS, DONE].join(''));
    const exchange = await proxy.exchange();
    expect(exchange).to.deep.include({ stream: true, endReason: 'complete', finishReason: 'stop', responseSize: text.length, requestSize: CHAT_STREAM.length });
    expect(exchange.usage).to.deep.include({ inputTokens: 12, outputTokens: 3, totalTokens: 15 });
    expect(exchange.timeToFirstTokenMs).to.be.a('number').and.at.most(exchange.totalMs);
    const sent = JSON.parse((upstream.requests[0] as { body: Buffer }).body.toString()) as Record<string, unknown>;
    expect(sent['stream_options']).to.deep.equal({ include_usage: true });
    expect((upstream.requests[0] as { request: { headers: Record<string, string> } }).request.headers['accept-encoding']).to.equal('identity');
  });

  it('measures the provider from before the call reached it until after its last byte', async () => {
    // Seen by the provider, on the same clock: each time of the record must enclose its own.
    const at = { arrived: 0, token: 0, end: 0 };
    await start((_request, response) => {
      at.arrived = performance.now();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(EVENTS[0]);
      setTimeout(() => {
        at.token = performance.now();
        response.write(EVENTS[1]);
        setTimeout(() => {
          at.end = performance.now();
          response.end([EVENTS[2], USAGE_EVENT, DONE].join(''));
        }, 30);
      }, 30);
    });
    const begin = performance.now();
    await (await post(CHAT_STREAM)).text();
    const took = performance.now() - begin;
    const { providerMs = 0, timeToFirstTokenMs = 0, totalMs, overheadUs } = await proxy.exchange();
    expect(providerMs).to.be.at.least(at.end - at.arrived).and.at.most(totalMs);
    expect(timeToFirstTokenMs).to.be.at.least(at.token - at.arrived).and.at.most(totalMs - (at.end - at.token) + 1);
    expect(totalMs).to.be.at.most(took);
    expect(overheadUs).to.be.at.most((totalMs - (at.end - at.arrived)) * 1_000);
  });

  it('leaves the usage chunk to a client that asked', async () => {
    const all = [...EVENTS, USAGE_EVENT, DONE].join('');
    await start((_request, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(all); });
    const body = JSON.stringify({ model: 'm', stream: true, stream_options: { include_usage: true }, messages: [] });
    expect(await (await post(body)).text()).to.equal(all);
    expect((upstream.requests[0] as { body: Buffer }).body.toString()).to.equal(body);
  });

  it('makes the record before the last bytes go out', async () => {
    let open: import('node:http').ServerResponse | undefined;
    await start((_request, response) => {
      open = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write([...EVENTS, USAGE_EVENT].join(''));
    });
    const response = await post(CHAT_STREAM);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    while (!text.includes('"lo"')) text += Buffer.from((await reader.read()).value as Uint8Array).toString();
    expect(proxy.exchanges).to.have.length(0);
    open?.write(DONE); // the provider keeps the connection open: the dialect's last event is enough
    while (!text.includes('[DONE]')) text += Buffer.from((await reader.read()).value as Uint8Array).toString();
    expect(proxy.exchanges).to.have.length(1);
    await reader.cancel(); // a close after that changes nothing
    await until(() => open?.destroyed === true);
    expect(proxy.exchanges).to.have.length(1);
    expect(proxy.exchanges[0]).to.deep.include({ endReason: 'complete', errorCount: 0 });
  });

  it('holds the last bytes until the record is on disk (TELEMETRY_FSYNC=always)', async () => {
    let recorded = false;
    await start((_request, response) => { response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length }).end(ANSWER); },
      { recordDelayMs: 50, onRecord: () => { setTimeout(() => { recorded = true; }, 45); } });
    expect(await (await post(CHAT)).text()).to.equal(ANSWER);
    expect(recorded).to.equal(true);
  });

  it('passes compressed answers as they are and reads a decoded copy', async () => {
    const packed = gzipSync(ANSWER);
    await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
    });
    expect(await (await post(CHAT)).text()).to.equal(ANSWER);
    const exchange = await proxy.exchange();
    expect(exchange.usage).to.deep.include({ inputTokens: 12, outputTokens: 3 });
    expect(exchange.responseSize).to.equal(packed.length);
  });

  it('passes an error of the provider and counts it', async () => {
    const error = JSON.stringify({ error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } });
    await start((_request, response) => { response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' }).end(error); });
    const response = await post(CHAT);
    expect([response.status, response.headers.get('retry-after'), await response.text()]).to.deep.equal([429, '7', error]);
    expect(response.headers.get('x-gateway-error')).to.equal(null);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 429, providerStatusCode: 429, providerErrorCount: 1, errorCount: 1, providerErrorType: 'rate_limit_exceeded', endReason: 'complete' });
  });

  it('passes redirects on', async () => {
    await start((_request, response) => { response.writeHead(307, { location: 'https://elsewhere.example/' }).end(); });
    const response = await fetch(`${proxy.url}/v1/files/f/content`, { redirect: 'manual', headers: { authorization: 'Bearer sk' } });
    expect([response.status, response.headers.get('location')]).to.deep.equal([307, 'https://elsewhere.example/']);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 307, responseSize: 0, method: 'GET', errorCount: 0 });
  });

  it('answers HEAD without a body', async () => {
    await start((_request, response) => { response.writeHead(200, { 'content-length': '12' }).end(); });
    const response = await fetch(`${proxy.url}/v1/models`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length')]).to.deep.equal([200, '12']);
    expect(await proxy.exchange()).to.deep.include({ endReason: 'complete', responseSize: 0 });
  });

  it('streams multipart through and finds the model in it', async () => {
    await start((_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"text":"hi"}'); });
    const form = new FormData();
    form.set('model', 'whisper-1');
    form.set('file', new Blob([Buffer.alloc(300_000, 7)]), 'a.wav');
    const response = await fetch(`${proxy.url}/v1/audio/transcriptions`, { method: 'POST', body: form, headers: { authorization: 'Bearer sk' } });
    expect(await response.json()).to.deep.equal({ text: 'hi' });
    const exchange = await proxy.exchange();
    expect(exchange.model).to.equal('whisper-1');
    const { body } = upstream.requests[0] as { body: Buffer };
    expect(exchange.requestSize).to.equal(body.length).and.above(300_000);
  });

  it('keeps percent-escapes and the query as sent', async () => {
    await start((_request, response) => { response.end('{}'); });
    await (await fetch(`${proxy.url}/v1/models/a%2Fb%zz?x=%20&y=1+2`)).text();
    expect((upstream.requests[0] as { request: { url: string } }).request.url).to.equal('/v1/models/a%2Fb%zz?x=%20&y=1+2');
    expect((await proxy.exchange()).path).to.equal('/v1/models/a%2Fb%zz');
  });

  it('gives HTTP/1.0 clients a body that ends with the connection', async () => {
    await start((_request, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }); response.write(EVENTS[0]); response.end(DONE); });
    const { text } = await rawExchange(proxy.port, `POST /v1/chat/completions HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: ${CHAT.length}\r\n\r\n${CHAT}`);
    expect(text).to.match(/^HTTP\/1\.1 200/).and.not.match(/transfer-encoding/i);
    expect(text.endsWith(`${EVENTS[0]}${DONE}`)).to.equal(true);
  });

  it('holds back a fast provider for a slow reader', async () => {
    const total = 64 * 2 ** 20;
    let written = 0;
    await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const chunk = Buffer.alloc(256 * 1024);
      const push = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!response.write(chunk)) { response.once('drain', push); return; }
        }
        response.end();
      };
      push();
    });
    const received = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${proxy.url}/v1/files/f/content`, (response) => {
        let bytes = 0;
        response.pause();
        // While nobody reads, the provider can only fill the buffers between.
        setTimeout(() => {
          expect(written).to.be.below(total / 2);
          response.on('data', (chunk: Buffer) => { bytes += chunk.length; });
          response.on('end', () => { resolve(bytes); });
          response.resume();
        }, 500);
      });
      request.on('error', reject);
      request.end();
    });
    expect(received).to.equal(total);
    expect(await proxy.exchange()).to.deep.include({ endReason: 'complete', responseSize: total });
  });
});
