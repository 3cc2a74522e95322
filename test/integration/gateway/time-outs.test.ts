import { expect } from 'chai';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import { proxied, rawPost } from '../../support/proxied.js';
import { everyProviderAt, rawExchange, startProxy, until } from '../../support/proxy-harness.js';

const SILENT: RequestListener = () => undefined;
const EVENT = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';

// Rule 15: each time-out has its own type, in the dialect's shape.
describe('time-outs', () => {
  const suite = proxied();

  for (const [path, shape] of [
    ['/v1/chat/completions', { error: { code: 'TYPE' } }],
    ['/v1/messages', { type: 'error' }],
    ['/v1beta/models/g:generateContent', { error: { code: 504 } }],
  ] as const) {
    it(`no first byte: 504 in the shape of ${path}`, async () => {
      await suite.start(SILENT, { settings: { upstreamFirstByteTimeoutMs: 60 } });
      const response = await fetch(suite.proxy.url + path, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
      expect([response.status, response.headers.get('x-gateway-error')]).to.deep.equal([504, 'upstream_timeout_first_byte']);
      const body = await response.json() as { error: Record<string, unknown>; type?: string };
      if (shape.error === undefined) expect(body).to.include(shape);
      else expect(body.error['code']).to.equal(shape.error.code === 'TYPE' ? 'upstream_timeout_first_byte' : shape.error.code);
      expect(await suite.proxy.exchange()).to.deep.include({
        statusCode: 504, errorType: 'upstream_timeout_first_byte', endReason: 'provider', attempts: 1, providerErrorCount: 1, errorCount: 1, providerStatusCode: undefined,
      });
      await until(() => suite.upstream.requests[0]?.request.socket.destroyed === true); // the provider is told
    });
  }

  it('an answer that stops: the connection breaks, upstream_timeout_idle', async () => {
    await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT); }, { settings: { upstreamIdleTimeoutMs: 60 } });
    await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"stream":true}'));
    expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 200, errorType: 'upstream_timeout_idle', endReason: 'provider', providerErrorCount: 1 });
    await until(() => suite.upstream.requests[0]?.request.socket.destroyed === true);
  });

  it('an answer that keeps coming, slowly, is no idle one', async () => {
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let left = 10;
      const timer = setInterval(() => { if (left-- > 0) response.write(': keep-alive\n\n'); else { clearInterval(timer); response.end('data: [DONE]\n\n'); } }, 200);
    }, { settings: { upstreamIdleTimeoutMs: 1_500 } });
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{"stream":true}', ['connection: close']));
    expect(text).to.include('[DONE]');
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'complete' });
  });

  it('a total that is over before the answer: 504; amid it: the connection breaks', async () => {
    let head = false;
    await suite.start((_q, response) => {
      if (!head) return;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => { response.write(EVENT); }, 10);
      response.on('close', () => { clearInterval(timer); });
    }, { settings: { upstreamTotalTimeoutMs: 150 } });
    expect((await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{}'))).text).to.match(/^HTTP\/1\.1 504/).and.include('upstream_timeout_total');
    head = true;
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{}'));
    expect(text).to.match(/^HTTP\/1\.1 200/).and.not.match(/\r\n0\r\n\r\n$/);
    for (const exchange of suite.proxy.exchanges) expect(exchange).to.deep.include({ errorType: 'upstream_timeout_total', endReason: 'provider', providerErrorCount: 1 });
    expect(suite.proxy.exchanges.map(({ statusCode }) => statusCode)).to.deep.equal([504, 200]);
  });

  it('a TLS handshake that does not come: upstream_connect after three attempts', async () => {
    const held: { destroy(): void }[] = [];
    const mute = createServer((socket) => { held.push(socket.on('error', () => undefined)); }).listen(0, '127.0.0.1');
    await new Promise((resolve) => { mute.once('listening', resolve); });
    const proxy = await startProxy({ env: everyProviderAt(`https://127.0.0.1:${(mute.address() as AddressInfo).port}`), settings: { upstreamConnectTimeoutMs: 100 } });
    const { text } = await rawExchange(proxy.port, rawPost('/v1/chat/completions', '{}', ['connection: close']));
    expect(text).to.match(/^HTTP\/1\.1 502/).and.match(/x-gateway-error: upstream_connect/).and.include('timed out');
    expect(await proxy.exchange()).to.deep.include({ attempts: 3, providerErrorCount: 3, errorType: 'upstream_connect' });
    await proxy.close();
    for (const socket of held) socket.destroy();
    await new Promise((resolve) => { mute.close(resolve); });
  });

  it('a client that stops sending its JSON body: 408, and the provider is never asked', async () => {
    await suite.start(SILENT, { clientIdleMs: 60, settings: { upstreamFirstByteTimeoutMs: 5 } });
    const { text } = await rawExchange(suite.proxy.port, 'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"model":');
    expect(text).to.match(/^HTTP\/1\.1 408/).and.match(/x-gateway-error: request_timeout/).and.match(/connection: close/i).and.include('"type":"error"');
    expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 408, errorType: 'request_timeout', endReason: 'gateway', attempts: 0, requestSize: 9, providerMs: undefined });
    expect(suite.upstream.requests).to.have.length(0);
  });

  it('a client that stops sending a streamed body: 408, and the provider is let go', async () => {
    await suite.start(SILENT, { clientIdleMs: 60 });
    const { text } = await rawExchange(suite.proxy.port, 'POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: audio/wav\r\ncontent-length: 100\r\n\r\nRIFF');
    expect(text).to.match(/^HTTP\/1\.1 408/);
    expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 408, errorType: 'request_timeout', endReason: 'gateway', providerErrorCount: 0, requestSize: 4 });
  });

  it('a body that keeps coming, slowly, is waited for, longer than the provider may be silent', async () => {
    await suite.start((_q, response) => response.end('{}'), { clientIdleMs: 10_000, settings: { upstreamFirstByteTimeoutMs: 1_500 } });
    const socket = connect(suite.proxy.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => { text += part; });
    socket.write('POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: audio/wav\r\ncontent-length: 10\r\n\r\n');
    for (let i = 0; i < 10; i++) {
      socket.write('x');
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
    await until(() => text !== '');
    socket.destroy();
    expect(text).to.match(/^HTTP\/1\.1 200/);
  });

  it('0 turns each of them off', async () => {
    await suite.start((_q, response) => { setTimeout(() => { response.writeHead(200).write('a'); setTimeout(() => response.end('b'), 300); }, 300); }, {
      settings: { upstreamConnectTimeoutMs: 0, upstreamFirstByteTimeoutMs: 0, upstreamIdleTimeoutMs: 0, upstreamTotalTimeoutMs: 0 }, clientIdleMs: 20,
    });
    const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{}', ['connection: close']));
    expect(text).to.match(/^HTTP\/1\.1 200/);
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'complete', errorCount: 0 });
  });

  it('a reader that pauses is not the provider\'s silence', async () => {
    const total = 24 * 2 ** 20;
    await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.alloc(total)); }, { settings: { upstreamIdleTimeoutMs: 100 } });
    const socket = connect(suite.proxy.port, '127.0.0.1');
    socket.write('GET /v1/files/f/content HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    await new Promise((resolve) => { setTimeout(resolve, 600); }); // nobody reads
    expect(suite.proxy.exchanges).to.have.length(0);
    await new Promise((resolve) => { socket.on('end', resolve).resume(); });
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'complete', responseSize: total });
  });
});
