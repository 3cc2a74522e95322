import { expect } from 'chai';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { rawPost } from '../../support/proxied.js';
import { everyProviderAt, rawExchange, startProxy, until, type ProxyHarness } from '../../support/proxy-harness.js';

/** A provider on the level of bytes. */
interface RawProvider {
  readonly server: Server;
  readonly url: string;
  connections: number;
  /** Requests as they came, one text per connection. */
  readonly received: string[];
}

async function rawProvider(onRequest: (socket: Socket, connection: number) => void): Promise<RawProvider> {
  const received: string[] = [];
  const server = createServer((socket) => {
    const index = provider.connections++;
    received[index] = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received[index] += chunk.toString('latin1');
      onRequest(socket, index);
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const provider: RawProvider = { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: 0, received };
  return provider;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
const BODY = '{"model":"m"}';

// Rule 14: a second paid call is worse than an error.
describe('attempts', () => {
  let proxy: ProxyHarness | undefined;
  let provider: RawProvider | undefined;
  afterEach(async () => {
    await proxy?.close();
    const server = provider?.server;
    if (server?.listening === true) await new Promise((resolve) => { server.close(resolve); });
    proxy = provider = undefined;
  });
  const send = (path = '/v1/chat/completions', method = 'POST'): Promise<{ text: string }> => {
    const bytes = method === 'POST' ? rawPost(path, BODY, ['connection: close']) : `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
    return rawExchange((proxy as ProxyHarness).port, bytes);
  };

  async function closedPort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => { server.once('listening', resolve); });
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => { server.close(resolve); });
    return port;
  }

  it('a connection that is refused is tried twice more, then 502', async () => {
    proxy = await startProxy({ env: everyProviderAt(`http://127.0.0.1:${await closedPort()}`) });
    expect((await send()).text).to.match(/^HTTP\/1\.1 502/).and.match(/x-gateway-error: upstream_connect/);
    expect(await proxy.exchange()).to.deep.include({ attempts: 3, providerErrorCount: 3, errorCount: 3, errorType: 'upstream_connect', endReason: 'provider' });
  });

  it('a connection that can be made at a later attempt carries the call, once', async () => {
    const port = await closedPort();
    proxy = await startProxy({ env: everyProviderAt(`http://127.0.0.1:${port}`) });
    const answer = send();
    await until(() => (proxy as ProxyHarness).gateway.sweeper.size === 1);
    provider = await rawProvider((socket) => socket.write(OK));
    await new Promise((resolve) => { provider?.server.close(resolve); });
    await new Promise<void>((resolve) => { provider?.server.listen(port, '127.0.0.1', resolve); });
    expect((await answer).text).to.match(/^HTTP\/1\.1 200/);
    const exchange = await proxy.exchange();
    expect(exchange).to.deep.include({ statusCode: 200, endReason: 'complete', errorType: undefined });
    expect(exchange.attempts).to.be.within(2, 3);
    expect(exchange.providerErrorCount).to.equal(exchange.attempts - 1);
    expect(provider.received.join('').match(/POST /g)).to.have.length(1);
  });

  it('a name that does not exist is not tried again', async () => {
    proxy = await startProxy({ env: everyProviderAt('http://no-such-host.invalid') });
    const { text } = await send();
    expect(text).to.match(/^HTTP\/1\.1 502/).and.match(/x-gateway-error: upstream_connect/);
    expect((await proxy.exchange()).errorType).to.equal('upstream_connect');
  });

  it('a server that does not speak TLS is a failed connection without a second attempt', async () => {
    provider = await rawProvider((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    proxy = await startProxy({ env: everyProviderAt(provider.url.replace('http:', 'https:')) });
    expect((await send()).text).to.match(/^HTTP\/1\.1 502/).and.match(/x-gateway-error: upstream_connect/);
    expect(await proxy.exchange()).to.deep.include({ attempts: 1, errorType: 'upstream_connect' });
  });

  for (const method of ['POST', 'GET', 'HEAD', 'PUT', 'DELETE'] as const) {
    for (const [what, act] of [
      ['closes', (socket: Socket) => socket.end()],
      ['resets', (socket: Socket) => socket.resetAndDestroy()],
      ['closes amid the head of its answer', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-')],
    ] as const) {
      it(`a ${method} that was sent is never sent again where the provider ${what}`, async () => {
        provider = await rawProvider(act);
        proxy = await startProxy({ env: everyProviderAt(provider.url) });
        expect((await send('/v1/x', method)).text).to.match(/^HTTP\/1\.1 502/).and.match(/x-gateway-error: upstream_(reset|protocol)/);
        expect(provider.received.join('').match(new RegExp(`${method} /v1/x`, 'g'))).to.have.length(1);
        expect(await proxy.exchange()).to.deep.include({ attempts: 1, providerErrorCount: 1 });
      });
    }
    it(`a ${method} on a reused connection is not sent again where the provider closes instead of answering`, async () => {
      const counts: number[] = [];
      provider = await rawProvider((socket, connection) => {
        counts[connection] = (counts[connection] ?? 0) + 1;
        if (counts[connection] === 1) socket.write(OK);
        else socket.destroy();
      });
      proxy = await startProxy({ env: everyProviderAt(provider.url) });
      expect((await send()).text).to.match(/^HTTP\/1\.1 200/);
      expect((await send('/v1/x', method)).text).to.match(/^HTTP\/1\.1 502/);
      expect(provider.connections).to.equal(1);
      expect(provider.received.join('').match(new RegExp(`${method} /v1/x`, 'g'))).to.have.length(1);
      expect(proxy.exchanges[1]).to.deep.include({ attempts: 1, errorType: 'upstream_reset' });
    });
  }

  it('a connection that the provider closed while it was idle is not used', async () => {
    provider = await rawProvider((socket) => { socket.write(OK); });
    proxy = await startProxy({ env: everyProviderAt(provider.url) });
    const sockets: Socket[] = [];
    provider.server.on('connection', (socket) => { sockets.push(socket); });
    for (let i = 0; i < 20; i++) {
      expect((await send()).text).to.match(/^HTTP\/1\.1 200/);
      const closed = new Promise((resolve) => { sockets.at(-1)?.on('close', resolve); });
      sockets.at(-1)?.end();
      if (i % 2 === 0) await closed; // and every other time while its end is still on the way
    }
    expect(proxy.exchanges.every(({ statusCode, attempts }) => statusCode === 200 && attempts === 1)).to.equal(true);
  });

  it('connections are reused, and dropped before a time that the provider announces', async () => {
    provider = await rawProvider((socket) => { socket.write(OK.replace('\r\n\r\n', '\r\nkeep-alive: timeout=3\r\n\r\n')); });
    proxy = await startProxy({ env: everyProviderAt(provider.url) });
    let ended = 0;
    provider.server.on('connection', (socket) => { socket.on('end', () => { ended += 1; }); });
    await send();
    await send();
    expect(provider.connections).to.equal(1);
    await until(() => ended === 1); // by the gateway, about a second after its last use
  });

  it('Connection: close of the provider is heeded', async () => {
    provider = await rawProvider((socket) => { socket.end(OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')); });
    proxy = await startProxy({ env: everyProviderAt(provider.url) });
    await send();
    const { text } = await send();
    expect(text).to.match(/^HTTP\/1\.1 200/);
    expect(provider.connections).to.equal(2);
  });

  it('1xx answers before the real one are passed over', async () => {
    provider = await rawProvider((socket) => { socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`); });
    proxy = await startProxy({ env: everyProviderAt(provider.url) });
    expect((await send()).text).to.match(/^HTTP\/1\.1 200/);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 200, providerStatusCode: 200, attempts: 1, providerErrorCount: 0 });
  });

  for (const [what, answer] of [
    ['two Content-Lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['a header with a line break in it', 'HTTP/1.1 200 OK\r\nx-a: b\rc\r\ncontent-length: 2\r\n\r\n{}'],
    ['no status', 'HTTP/1.1\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n'],
    ['an unasked 101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['headers over 64 KiB', `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(70_000)}\r\n\r\n`],
  ] as const) {
    it(`an answer with ${what} is a 502, and one record`, async () => {
      provider = await rawProvider((socket) => { socket.end(answer); });
      proxy = await startProxy({ env: everyProviderAt(provider.url) });
      expect((await send()).text).to.match(/^HTTP\/1\.1 502/);
      await proxy.exchange();
      expect(proxy.exchanges).to.have.length(1);
      expect(proxy.exchanges[0]).to.deep.include({ statusCode: 502, endReason: 'provider', attempts: 1, providerErrorCount: 1 });
    });
  }

  it('odd but valid answer heads pass as they are', async () => {
    provider = await rawProvider((socket) => { socket.write('HTTP/1.1 599 Ganz \xc3\xbcbel\r\nX-Odd: caf\xe9 \xff\r\nset-cookie: a\r\nConnection: x-hop\r\nConnection: keep-alive\r\nx-hop: 1\r\ncontent-length: 0\r\n\r\n'); });
    proxy = await startProxy({ env: everyProviderAt(provider.url) });
    const { text } = await send();
    expect(text).to.match(/^HTTP\/1\.1 599 /).and.include('X-Odd: caf\xc3\xa9'.slice(0, 9)).and.not.match(/x-hop|set-cookie/i);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 599, providerErrorCount: 1, endReason: 'complete' });
  });
});
