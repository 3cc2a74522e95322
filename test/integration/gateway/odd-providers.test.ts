import { expect } from 'chai';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { gzipSync, brotliCompressSync, zstdCompressSync, deflateSync } from 'node:zlib';
import { proxied, rawPost } from '../../support/proxied.js';
import { everyProviderAt, rawExchange, startProxy, until } from '../../support/proxy-harness.js';

const chunk = (rest: string): string => `data: {"id":"c","model":"m-1","choices":[${rest}]}\n\n`;
const STREAM = `${chunk('{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}')}data: {"id":"c","model":"m-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\ndata: [DONE]\n\n`;

// Bytes of answers: what comes is what goes out, and is understood all the same.
describe('answers of odd providers', () => {
  const suite = proxied();
  const send = (headers: readonly string[] = []): Promise<{ text: string }> => rawExchange(suite.proxy.port, rawPost('/mistral/v1/chat/completions', '{"stream":true}', ['connection: close', ...headers]));

  for (const [encoding, pack] of [['gzip', gzipSync], ['br', brotliCompressSync], ['zstd', zstdCompressSync], ['deflate', deflateSync]] as const) {
    it(`a stream in ${encoding} passes as it is, and its usage is read`, async () => {
      const packed = pack(STREAM);
      await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding, 'content-length': packed.length }).end(packed); });
      const { text } = await send([`accept-encoding: ${encoding}`]);
      expect(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').equals(packed)).to.equal(true);
      const exchange = await suite.proxy.exchange();
      expect(exchange).to.deep.include({ responseModel: 'm-1', responseSize: packed.length, finishReason: 'stop', endReason: 'complete', providerErrorCount: 0 });
      expect(exchange.usage).to.deep.include({ inputTokens: 3, outputTokens: 2, totalTokens: 5 });
      expect(exchange.timeToFirstTokenMs).to.be.at.most(exchange.totalMs);
    });
  }

  it('the provider\'s time and the gateway\'s own are parts of the total, also where a large body is decoded', async () => {
    const packed = gzipSync(JSON.stringify({ model: 'm', pad: 'x'.repeat(20 * 2 ** 20) }));
    await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed); });
    await send();
    const { totalMs, providerMs, overheadUs } = await suite.proxy.exchange();
    expect(providerMs).to.be.above(0);
    expect((providerMs as number) + overheadUs / 1_000).to.be.at.most(totalMs + 0.001);
  });

  it('trailers end at the gateway, and the body is whole', async () => {
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'trailer': 'x-sum' });
      response.write('{');
      response.addTrailers({ 'x-sum': '1' });
      response.end('}');
    });
    const { text } = await send();
    expect(text).to.not.match(/x-sum|trailer/i);
    expect(await suite.proxy.exchange()).to.deep.include({ responseSize: 2, endReason: 'complete' });
  });

  it('Date comes once, and is the provider\'s', async () => {
    await suite.start((_q, response) => { response.setHeader('date', 'Thu, 01 Jan 1970 00:00:00 GMT').end('{}'); });
    const { text } = await send();
    expect(text.match(/^date: .*$/gim)).to.deep.equal(['date: Thu, 01 Jan 1970 00:00:00 GMT']);
  });

  it('an event stream leaves with its head at once, before its first event', async () => {
    let release: (() => void) | undefined;
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      release = () => response.end('data: [DONE]\n\n');
    });
    const response = await fetch(`${suite.proxy.url}/v1/chat/completions`, { method: 'POST', body: '{"stream":true}', headers: { 'content-type': 'application/json' } });
    expect(response.status).to.equal(200); // the body is not there yet
    release?.();
    expect(await response.text()).to.equal('data: [DONE]\n\n');
  });

  it('an event of 2 MiB passes whole', async () => {
    const big = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(2 * 2 ** 20)}"}}]}\n\ndata: [DONE]\n\n`;
    await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(big); });
    const response = await fetch(`${suite.proxy.url}/v1/chat/completions`, { method: 'POST', body: '{"stream":true}', headers: { 'content-type': 'application/json' } });
    expect(await response.text()).to.equal(big);
  });

  it('a model name of megabytes is cut, in the record only', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const body = JSON.stringify({ model: 'm'.repeat(2 ** 20) });
    await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', body, ['connection: close']));
    expect(suite.upstream.requests[0]?.body.toString()).to.equal(body);
    expect((await suite.proxy.exchange()).model).to.equal('m'.repeat(1_024));
  });

  for (const model of ['__proto__', 'constructor', '\u0000', '"; DROP', 'ü😀']) {
    it(`a model named ${JSON.stringify(model)} is a model`, async () => {
      await suite.start((_q, response) => response.end('{}'));
      await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', JSON.stringify({ model, __proto__: 'x' }), ['connection: close']));
      expect((await suite.proxy.exchange()).model).to.equal(model);
    });
  }

  it('a provider at an IPv6 address is reached', async () => {
    const server = createHttpServer((_q, response) => response.end('{}'));
    await new Promise<void>((resolve) => { server.listen(0, '::1', resolve); });
    const proxy = await startProxy({ env: everyProviderAt(`http://[::1]:${(server.address() as AddressInfo).port}/v1`) });
    expect((await fetch(`${proxy.url}/v1/models`)).status).to.equal(200);
    await proxy.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  });

  for (const [what, act] of [['refuses', undefined], ['resets', (socket: { resetAndDestroy(): unknown }) => { socket.resetAndDestroy(); }]] as const) {
    it(`a streamed upload to a provider that ${what} is a 502 for that client, and no harm to others`, async () => {
      const server = createServer((socket) => { socket.on('error', () => undefined); act?.(socket); });
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
      const { port } = server.address() as AddressInfo;
      if (act === undefined) await new Promise((resolve) => { server.close(resolve); });
      const proxy = await startProxy({ env: everyProviderAt(`http://127.0.0.1:${port}`) });
      for (let i = 0; i < 5; i++) {
        const { text } = await rawExchange(proxy.port, `POST /v1/files HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: audio/wav\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(200_000)}`);
        expect(text).to.match(/^HTTP\/1\.1 502/);
      }
      await until(() => proxy.exchanges.length === 5);
      expect(proxy.exchanges.every(({ attempts, endReason }) => attempts === 1 && endReason === 'provider')).to.equal(true);
      expect((await fetch(`${proxy.url}/health`)).status).to.equal(200);
      await proxy.close();
      if (server.listening) await new Promise((resolve) => { server.close(resolve); });
    });
  }
});
