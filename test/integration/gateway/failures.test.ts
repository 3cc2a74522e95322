import { expect } from 'chai';
import { once } from 'node:events';
import { request as httpRequest, type RequestListener, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { PROVIDERS } from '../../../src/providers/registry.js';
import { rawExchange, startProxy, startUpstream, until, type HarnessOptions, type ProxyHarness, type ScriptedUpstream } from '../../support/proxy-harness.js';

const CHAT = JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [] });
const REQUEST_ID = /\r\nx-gateway-request-id: ([0-9A-HJKMNP-TV-Z]{26})\r\n/;
const EVENT = 'data: {"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';

describe('failures', () => {
  let proxy: ProxyHarness | undefined;
  let upstream: ScriptedUpstream | undefined;
  let odd: Server | undefined;

  async function start(handler: RequestListener, options: HarnessOptions = {}): Promise<ProxyHarness> {
    upstream = await startUpstream(handler);
    proxy = await startProxy({ ...options, env: { OPENAI_BASE_URL: upstream.url, ANTHROPIC_BASE_URL: upstream.url, ...options.env } });
    return proxy;
  }
  afterEach(async () => {
    await proxy?.close();
    await upstream?.close();
    odd?.close();
    proxy = upstream = odd = undefined;
  });
  const post = (at: ProxyHarness, path = '/v1/chat/completions', body: string = CHAT, headers: Record<string, string> = {}, signal: AbortSignal | null = null): Promise<Response> =>
    fetch(`${at.url}${path}`, { method: 'POST', body, signal, headers: { 'content-type': 'application/json', ...headers } });

  it('answers 502 in the dialect\'s shape when nobody listens, after three connections', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    proxy = await startProxy({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${port}`, ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` } });
    const openai = await post(proxy);
    expect([openai.status, openai.headers.get('x-gateway-error')]).to.deep.equal([502, 'upstream_connect']);
    expect(await openai.json()).to.have.nested.property('error.code', 'upstream_connect');
    const anthropic = await post(proxy, '/v1/messages');
    expect(anthropic.status).to.equal(502);
    expect(await anthropic.json()).to.deep.include({ type: 'error' });
    expect(proxy.exchanges[0]).to.deep.include({
      statusCode: 502, attempts: 3, providerErrorCount: 3, errorCount: 3, errorType: 'upstream_connect', endReason: 'provider', providerStatusCode: undefined,
    });
  });

  it('answers 502 and does not retry when the provider hangs up after the request was sent', async () => {
    let calls = 0;
    const at = await start((request) => { calls += 1; request.socket.destroy(); });
    const response = await post(at);
    expect([response.status, response.headers.get('x-gateway-error')]).to.deep.equal([502, 'upstream_reset']);
    expect(calls).to.equal(1);
    expect(await at.exchange()).to.deep.include({ attempts: 1, providerErrorCount: 1, errorCount: 1, errorType: 'upstream_reset', endReason: 'provider' });
  });

  it('answers 502 when the provider does not speak HTTP', async () => {
    odd = createServer((socket) => { socket.on('data', () => socket.end('SSH-2.0-nonsense\r\n')); socket.on('error', () => undefined); }).listen(0, '127.0.0.1');
    await once(odd, 'listening');
    proxy = await startProxy({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${(odd.address() as AddressInfo).port}` } });
    const response = await post(proxy);
    expect([response.status, response.headers.get('x-gateway-error')]).to.deep.equal([502, 'upstream_protocol']);
  });

  it('answers 504 when the first byte does not come in time', async () => {
    const at = await start(() => undefined, { settings: { upstreamFirstByteTimeoutMs: 60 } });
    const response = await post(at);
    expect([response.status, response.headers.get('x-gateway-error')]).to.deep.equal([504, 'upstream_timeout_first_byte']);
    expect(await at.exchange()).to.deep.include({ statusCode: 504, providerErrorCount: 1, errorType: 'upstream_timeout_first_byte', endReason: 'provider' });
    await until(() => upstream?.requests[0]?.request.socket.destroyed === true);
  });

  for (const [what, cut, type, upstreamIdleTimeoutMs] of [
    ['breaks', (response: ServerResponse) => setTimeout(() => response.destroy(), 30), 'upstream_reset', 60_000],
    ['falls silent', () => undefined, 'upstream_timeout_idle', 80],
  ] as const) {
    it(`breaks the client's stream when the provider ${what} half-way`, async () => {
      const at = await start((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(EVENT);
        cut(response);
      }, { settings: { upstreamIdleTimeoutMs } });
      const { text } = await rawExchange(at.port, `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${CHAT.length}\r\n\r\n${CHAT}`);
      expect(text).to.include(EVENT).and.not.match(/\r\n0\r\n/); // no terminating chunk
      expect(at.exchanges[0]).to.deep.include({ statusCode: 200, providerStatusCode: 200, errorType: type, endReason: 'provider', providerErrorCount: 1, errorCount: 1 });
      const response = await post(at);
      await response.text().then(() => expect.fail('a broken stream must raise'), () => undefined);
    });
  }

  it('resets HTTP/1.0 clients, whose body would look complete', async () => {
    const at = await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(EVENT);
      setTimeout(() => response.destroy(), 30);
    });
    const { error } = await rawExchange(at.port, `POST /v1/chat/completions HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: ${CHAT.length}\r\n\r\n${CHAT}`);
    expect(error).to.equal('ECONNRESET');
  });

  it('cancels upstream when the client leaves before the answer: 499', async () => {
    const at = await start(() => undefined);
    const abort = new AbortController();
    const pending = post(at, '/v1/chat/completions', CHAT, {}, abort.signal).catch(() => undefined);
    await until(() => upstream?.requests.length === 1);
    abort.abort();
    await pending;
    expect(await at.exchange()).to.deep.include({ statusCode: 499, errorType: 'client_closed', endReason: 'client', errorCount: 1, providerErrorCount: 0 });
    await until(() => upstream?.requests[0]?.request.socket.destroyed === true);
  });

  it('cancels upstream when the client leaves half-way', async () => {
    const at = await start((_request, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }); response.write(EVENT); });
    const abort = new AbortController();
    const response = await post(at, '/v1/chat/completions', CHAT, {}, abort.signal);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    abort.abort();
    expect(await at.exchange()).to.deep.include({ statusCode: 200, errorType: 'client_closed', endReason: 'client', errorCount: 1 });
    await until(() => upstream?.requests[0]?.request.socket.destroyed === true);
  });

  it('records a client that leaves while it sends its body', async () => {
    const at = await start((_request, response) => response.end('{}'));
    const request = httpRequest(`${at.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '1000' } });
    request.on('error', () => undefined);
    request.write('{"model":');
    await until(() => at.gateway.sweeper.size === 1);
    request.destroy();
    expect(await at.exchange()).to.deep.include({ statusCode: 499, errorType: 'client_closed', attempts: 0, requestSize: 9 });
    expect(upstream?.requests).to.have.length(0);
  });

  it('refuses a body that is too large by its own word, without reading it', async () => {
    const at = await start((_request, response) => response.end('{}'), { settings: { maxBodyBytes: 1000 } });
    const { text } = await rawExchange(at.port, 'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n');
    expect(text).to.match(/^HTTP\/1\.1 413/).and.match(/x-gateway-error: body_too_large/).and.match(/connection: close/i).and.include('"type":"error"');
    expect(await at.exchange()).to.deep.include({ provider: 'anthropic', statusCode: 413, errorType: 'body_too_large', endReason: 'gateway', attempts: 0, errorCount: 1 });
  });

  it('answers Expect: 100-continue, and refuses instead where the body is too large', async () => {
    const at = await start((_request, response) => response.end('{}'), { settings: { maxBodyBytes: 1000 } });
    const head = (length: number): string => `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    const large = await rawExchange(at.port, head(100_000));
    expect(large.text).to.match(/^HTTP\/1\.1 413/);
    const small = await rawExchange(at.port, `${head(2)}{}`);
    expect(small.text).to.match(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
    expect(upstream?.requests[0]?.request.headers).to.not.have.property('expect');
  });

  it('refuses a chunked body that grows too large', async () => {
    const at = await start((_request, response) => response.end('{}'), { settings: { maxBodyBytes: 1000 } });
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
    const { text } = await rawExchange(at.port, `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk}${chunk}`);
    expect(text).to.match(/^HTTP\/1\.1 413/);
  });

  it('answers 503 with Retry-After when all bodies together are too many', async () => {
    const at = await start((_request, response) => response.end('{}'), { settings: { maxBufferedBytes: 500 } });
    const response = await post(at, '/v1/chat/completions', JSON.stringify({ model: 'm', pad: 'x'.repeat(600) }));
    expect([response.status, response.headers.get('retry-after'), response.headers.get('x-gateway-error')]).to.deep.equal([503, '1', 'buffers_full']);
    for (let i = 0; i < 5; i++) expect((await post(at, '/v1/chat/completions', JSON.stringify({ model: 'm', pad: 'x'.repeat(300) }))).status).to.equal(200); // the budget is given back
  });

  it('answers 501 to a WebSocket and ignores an offer of h2c', async () => {
    const at = await start((_request, response) => response.end('{}'));
    const ws = await rawExchange(at.port, 'GET /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
    expect(ws.text).to.match(/^HTTP\/1\.1 501/).and.match(/x-gateway-error: upgrade_unsupported/);
    const h2c = await rawExchange(at.port, 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n', (text) => text.includes('{}'));
    expect(h2c.text).to.match(/^HTTP\/1\.1 200/);
    expect(upstream?.requests[0]?.request.headers).to.not.have.any.keys('upgrade', 'http2-settings');
  });

  it('answers 508 to its own echo', async () => {
    const at = await start((_request, response) => response.end('{}'));
    const response = await post(at, '/v1/chat/completions', CHAT, { via: '1.1 somebody, 1.1 gateway-test' });
    expect([response.status, response.headers.get('x-gateway-error')]).to.deep.equal([508, 'loop_detected']);
  });

  it('ends what still runs at the deadline, and says that it was the gateway', async () => {
    const at = await start((_request, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }); response.write(EVENT); });
    const response = await post(at);
    at.gateway.sweeper.expireAll('shutting_down');
    await response.text().then(() => expect.fail('a broken stream must raise'), () => undefined);
    expect(await at.exchange()).to.deep.include({ endReason: 'gateway', errorType: 'shutting_down', statusCode: 200, errorCount: 1, providerErrorCount: 0 });
  });
});

describe('requests that are not forwarded', () => {
  let proxy: ProxyHarness;
  let upstream: ScriptedUpstream;
  before(async () => {
    upstream = await startUpstream((_request, response) => response.end('{}'));
    proxy = await startProxy({ env: { OPENAI_BASE_URL: upstream.url } });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });
  beforeEach(() => { proxy.exchanges.length = 0; });

  for (const [what, first, status, recorded] of [
    ['an absolute-form target', 'GET http://evil.example/v1/models HTTP/1.1', 400, 0],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1', 400, 0],
    ['*', 'OPTIONS * HTTP/1.1', 400, 0],
    ['//', 'GET //evil.example/v1/models HTTP/1.1', 400, 0],
    ['a dot segment', 'GET /v1/../admin HTTP/1.1', 400, 1],
    ['an encoded dot segment', 'GET /v1/%2e%2e/admin HTTP/1.1', 400, 1],
    ['an encoded control character', 'GET /v1/x%0d%0a HTTP/1.1', 400, 1],
    ['/favicon.ico', 'GET /favicon.ico HTTP/1.1', 404, 0],
    ['a scanner\'s path', 'GET /wp-login.php HTTP/1.1', 404, 0],
    ['a method that no provider has', 'PROPFIND /x HTTP/1.1', 501, 0],
  ] as const) {
    it(`${what}: ${status}`, async () => {
      const { text } = await rawExchange(proxy.port, `${first}\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      expect(text).to.match(new RegExp(`^HTTP/1\\.1 ${status}`)).and.match(REQUEST_ID);
      expect(proxy.exchanges).to.have.length(recorded);
      expect(upstream.requests).to.have.length(0);
    });
  }

  it('a path that is nobody\'s: 404 that lists what is served', async () => {
    const response = await fetch(`${proxy.url}/v9/nothing`);
    expect([response.status, response.headers.get('x-gateway-error')]).to.deep.equal([404, 'not_found']);
    const text = await response.text();
    for (const served of ['/v1/…', '/v1/messages', '/{provider}/…', 'x-provider', ...PROVIDERS.map(({ name }) => name)]) expect(text).to.include(served);
    expect(proxy.exchanges).to.have.length(0);
  });

  it('an unknown x-provider: 400 that lists the known ones, and its text enters no record', async () => {
    const response = await fetch(`${proxy.url}/v1/models`, { headers: { 'x-provider': 'no-such-thing' } });
    expect(response.status).to.equal(400);
    expect(await response.text()).to.include('openai').and.include('anthropic').and.not.include('no-such-thing');
    expect(proxy.exchanges[0]).to.deep.include({ provider: 'unknown', errorType: 'unknown_provider', statusCode: 400 });
    expect(JSON.stringify(proxy.exchanges)).to.not.include('no-such-thing');
  });

  it('every answer carries x-gateway-request-id, those to no HTTP and to our own paths too', async () => {
    const ids: (string | undefined)[] = [];
    for (const path of ['/', '/health', '/ready', '/nope', '/v1/models']) {
      for (const method of ['GET', 'HEAD']) {
        const { text } = await rawExchange(proxy.port, `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
        ids.push(REQUEST_ID.exec(text)?.[1]);
      }
    }
    ids.push(REQUEST_ID.exec((await rawExchange(proxy.port, 'SSH-2.0-OpenSSH_9.6\r\n\r\n')).text)?.[1]);
    expect(ids).to.not.include(undefined);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('/ tells what this is, /health and /ready answer', async () => {
    const root = await (await fetch(proxy.url)).json() as Record<string, unknown>;
    expect(root).to.include({ name: 'gateway', version: '0.0.0' }).and.have.property('next');
    expect((await fetch(`${proxy.url}/`, { method: 'HEAD' })).status).to.equal(200);
    expect(await (await fetch(`${proxy.url}/health`)).json()).to.include({ status: 'ok' });
    expect(await (await fetch(`${proxy.url}/ready`)).json()).to.include({ status: 'ready' });
    expect(proxy.exchanges).to.have.length(0);
  });
});
