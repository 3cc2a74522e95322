import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { startProxy, until, type HarnessOptions, type ProxyHarness } from '../../support/proxy-harness.js';

const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n';
const HANDSHAKE = [
  'GET /v1/realtime?model=gpt-realtime HTTP/1.1', 'host: localhost', 'authorization: Bearer sk-client', 'connection: Upgrade', 'upgrade: websocket',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version: 13', '', '',
].join('\r\n');
const MEBIBYTE = 1024 * 1024;

/** One end of a connection, what it has read, and how it ended. */
interface Peer {
  readonly socket: Socket;
  text: string;
  bytes: number;
  ended: boolean;
  closed: boolean;
}

function watch(socket: Socket): Peer {
  const peer: Peer = { socket, text: '', bytes: 0, ended: false, closed: false };
  socket.on('data', (bytes: Buffer) => {
    peer.bytes += bytes.length;
    if (peer.text.length < MEBIBYTE) peer.text += bytes.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.on('end', () => { peer.ended = true; });
  socket.on('close', () => { peer.closed = true; });
  return peer;
}

describe('WebSocket connections whose ends misbehave', () => {
  let server: Server;
  let proxy: ProxyHarness;
  let answer: (peer: Peer) => void;
  const providers: Peer[] = [];
  const clients: Peer[] = [];
  const faults: unknown[] = [];

  beforeEach(async () => {
    faults.length = 0;
    // A provider that keeps its side open whatever its client does.
    server = createServer({ allowHalfOpen: true }, (socket) => {
      const peer = watch(socket);
      providers.push(peer);
      let answered = false;
      socket.on('data', () => {
        if (answered || !peer.text.includes('\r\n\r\n')) return;
        answered = true;
        answer(peer);
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  });
  afterEach(async () => {
    for (const { socket } of [...clients.splice(0), ...providers.splice(0)]) socket.destroy();
    await proxy.close();
    await new Promise((resolve) => { server.close(resolve); });
  });

  async function start(respond: (peer: Peer) => void, options: HarnessOptions = {}): Promise<void> {
    answer = respond;
    proxy = await startProxy({
      onFault: (error) => { faults.push(error); }, ...options,
      env: { OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options.env },
    });
  }

  function open(head = HANDSHAKE): Peer {
    const client = watch(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }));
    client.socket.write(head);
    clients.push(client);
    return client;
  }

  const connections = (): Promise<number> => new Promise((resolve) => {
    proxy.app.server.getConnections((_error, count) => { resolve(count); });
  });
  const accept = ({ socket }: Peer): void => { socket.write(ACCEPTED); };

  for (const status of ['000', '001', '099']) {
    it(`answer 502 where the provider refuses with the status ${status}`, async () => {
      await start(({ socket }) => { socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`); });
      const client = open();
      await until(() => client.closed || client.ended);
      expect(client.text).to.match(/^HTTP\/1\.1 502 /).and.include('x-gateway-error: upstream_protocol');
      expect(await proxy.exchange()).to.deep.include({ statusCode: 502, errorType: 'upstream_protocol', endReason: 'provider', providerErrorCount: 1 });
      await until(() => providers[0]?.closed === true || providers[0]?.ended === true);
    });
  }

  for (const [when, end] of [
    ['the provider ends', (provider: Peer, _client: Peer): void => { provider.socket.end(); }],
    ['the provider breaks', (provider: Peer, _client: Peer): void => { provider.socket.resetAndDestroy(); }],
    ['the client breaks', (_provider: Peer, client: Peer): void => { client.socket.resetAndDestroy(); }],
  ] as const) {
    it(`survive a fault of the gateway's own when ${when}`, async () => {
      await start(accept, { onRecord: () => { throw new Error('own fault'); } });
      const client = open();
      await until(() => client.text.includes('101 Switching'));
      end(providers[0] as Peer, client);
      await until(() => faults.length === 1);
      await until(() => (providers[0]?.closed === true || providers[0]?.ended === true) && (client.closed || client.ended));
      expect(proxy.gateway.sweeper.size).to.equal(0);
    });
  }

  it('survive a fault of the gateway\'s own while the provider refuses', async () => {
    await start(({ socket }) => { socket.end('HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno'); }, { onRecord: () => { throw new Error('own fault'); } });
    const client = open();
    await until(() => client.closed || client.ended);
    expect(faults).to.have.length(1);
  });

  for (const [what, head] of [
    ['to another protocol', 'HTTP/1.1 101 X\r\nupgrade: foo\r\nconnection: Upgrade\r\n\r\nhello'],
    ['without saying to which', 'HTTP/1.1 101 X\r\n\r\nhello'],
    ['with an empty name', 'HTTP/1.1 101 X\r\nupgrade: \r\nconnection: Upgrade\r\n\r\nhello'],
  ] as const) {
    it(`do not take it for a WebSocket where the provider switches ${what}`, async () => {
      await start(({ socket }) => { socket.write(head); });
      const client = open();
      await until(() => client.closed || client.ended);
      expect(client.text).to.match(/^HTTP\/1\.1 502 /).and.not.include('hello');
      expect(await proxy.exchange()).to.deep.include({ errorType: 'upstream_protocol', providerErrorCount: 1, endReason: 'provider' });
    });
  }

  for (const framing of [`content-length: ${5 * MEBIBYTE}`, 'connection: close']) {
    it(`hand on a refusal of 5 MiB whole (${framing.slice(0, framing.indexOf(':'))})`, async () => {
      await start(({ socket }) => { socket.end(`HTTP/1.1 403 No\r\ncontent-type: text/plain\r\n${framing}\r\n\r\n${'x'.repeat(5 * MEBIBYTE)}`); });
      const client = open();
      await until(() => client.closed || client.ended);
      expect(client.text).to.match(/^HTTP\/1\.1 403 /);
      expect(client.bytes).to.be.above(5 * MEBIBYTE);
      expect(await proxy.exchange()).to.deep.include({ statusCode: 403, providerStatusCode: 403, responseSize: 5 * MEBIBYTE, endReason: 'complete' });
    });
  }

  it('leave a provider whose refusal never ends', async () => {
    const block = Buffer.alloc(MEBIBYTE, 'x');
    await start(({ socket }) => {
      const more = (): void => { while (!socket.destroyed && socket.write(block)); };
      socket.on('drain', more);
      socket.write('HTTP/1.1 403 No\r\n\r\n');
      more();
    });
    const client = open();
    await until(() => client.closed || client.ended);
    expect(await proxy.exchange()).to.deep.include({ errorType: 'upstream_protocol', endReason: 'provider', providerErrorCount: 1 });
    await until(() => providers[0]?.closed === true);
  });

  it('do not call a refusal complete that the provider breaks off', async () => {
    await start(({ socket }) => { socket.end('HTTP/1.1 403 No\r\ncontent-length: 100\r\n\r\nhalf'); });
    const client = open();
    await until(() => client.closed || client.ended);
    expect(client.text).to.match(/^HTTP\/1\.1 502 /);
    expect(await proxy.exchange()).to.deep.include({ errorType: 'upstream_reset', endReason: 'provider', providerErrorCount: 1 });
  });

  it('cut a long refusal off where the provider does', async () => {
    await start(({ socket }) => {
      socket.write(`HTTP/1.1 403 No\r\ncontent-length: ${3 * MEBIBYTE}\r\n\r\n${'x'.repeat(2 * MEBIBYTE)}`, () => { socket.destroy(); });
    });
    const client = open();
    await until(() => client.closed || client.ended);
    expect(client.text).to.match(/^HTTP\/1\.1 403 /);
    expect(client.bytes).to.be.below(3 * MEBIBYTE);
    expect(await proxy.exchange()).to.deep.include({ errorType: 'upstream_reset', endReason: 'provider' });
  });

  it('end both sides when the client has ended and the provider does not', async () => {
    await start(accept);
    const client = open();
    await until(() => client.text.includes('101 Switching'));
    client.socket.end();
    await until(() => providers[0]?.ended === true);
    expect(proxy.exchanges).to.have.length(0);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 101, endReason: 'complete', errorCount: 0 });
    await until(() => client.ended);
    // Who keeps its side open all the same is left.
    await until(async () => await connections() === 0);
    expect(proxy.gateway.sweeper.size).to.equal(0);
  }).timeout(30_000);
  for (const [how, leave] of [['ends', (socket: Socket) => { socket.end(); }], ['breaks', (socket: Socket) => { socket.resetAndDestroy(); }]] as const) {
    it(`leave the provider when the client ${how} before its handshake is answered`, async () => {
      let asked = false;
      await start(() => { asked = true; });
      const client = open();
      await until(() => asked);
      leave(client.socket);
      expect(await proxy.exchange()).to.deep.include({ statusCode: 499, errorType: 'client_closed', endReason: 'client' });
      await until(() => providers[0]?.closed === true || providers[0]?.ended === true);
    });
  }

  it('carry what the client sends before its handshake is answered', async () => {
    let provider: Peer | undefined;
    await start((peer) => { provider = peer; });
    const client = open(`${HANDSHAKE}one `);
    await until(() => provider !== undefined);
    client.socket.write('two ');
    await until(() => client.socket.bytesWritten === HANDSHAKE.length + 8);
    accept(provider as Peer);
    await until(() => client.text.includes('101 Switching'));
    client.socket.write('three');
    await until(() => provider?.text.endsWith('one two three') === true);
  });

  it('leave a client that does not read', async () => {
    await start((provider) => {
      accept(provider);
      const block = Buffer.alloc(MEBIBYTE);
      for (let i = 0; i < 64; i++) provider.socket.write(block);
    }, { settings: { upstreamIdleTimeoutMs: 100 } });
    const client = open();
    client.socket.pause();
    expect(await proxy.exchange()).to.deep.include({ statusCode: 101, errorType: 'client_closed', endReason: 'client' });
    await until(() => providers[0]?.closed === true);
  });

  it('leave a provider that does not read', async () => {
    await start((provider) => {
      accept(provider);
      provider.socket.pause();
    }, { settings: { upstreamIdleTimeoutMs: 100 } });
    const client = open();
    await until(() => client.text.includes('101 Switching'));
    const block = Buffer.alloc(MEBIBYTE);
    for (let i = 0; i < 64; i++) client.socket.write(block);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 101, errorType: 'upstream_timeout_idle', endReason: 'provider' });
    await until(() => client.closed || client.ended);
  });
});
