import { expect } from 'chai';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { proxied, rawPost } from '../../support/proxied.js';
import { rawExchange, until } from '../../support/proxy-harness.js';

// A client that neither sends nor reads holds a connection, and its provider's, for ever.
describe('clients that do not keep up', () => {
  const suite = proxied();
  const sockets: Socket[] = [];
  afterEach(() => { for (const socket of sockets.splice(0)) socket.destroy(); });

  /** Sends a request and reads nothing of its answer. */
  function neverRead(request: string): Socket {
    const socket = connect(suite.proxy.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(request);
    sockets.push(socket);
    return socket;
  }

  const chunked = (body: string): string => `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const stream = `data: {"choices":[{"delta":{"content":"${'x'.repeat(900)}"}}]}\n\n`.repeat(60);
  for (const [path, request] of [['the fast path', rawPost('/v1/chat/completions', '{}')], ['Node\'s path', chunked('{}')]] as const) {
    for (const [what, type, piece] of [
      ['a JSON answer', 'application/json', 'x'.repeat(65_536)], ['a stream', 'text/event-stream', stream],
    ] as const) {
      it(`${what} that nobody reads is given up, and so is its provider (${path})`, async () => {
        await suite.start((_q, response) => {
          response.writeHead(200, { 'content-type': type, 'content-length': 500_000_000 });
          const go = (): void => { while (!response.destroyed && response.write(piece)); };
          response.on('drain', go);
          go();
        }, { settings: { clientSendTimeoutMs: 100, upstreamIdleTimeoutMs: 60_000 } });
        neverRead(request);
        expect(await suite.proxy.exchange()).to.deep.include({
          statusCode: 200, providerStatusCode: 200, errorType: 'client_closed', endReason: 'client', providerErrorCount: 0, attempts: 1,
        });
        await until(() => suite.upstream.requests[0]?.request.socket.destroyed === true);
        await until(() => suite.proxy.gateway.sweeper.size === 0);
      });
    }

    it(`the end of an answer that nobody reads is given up, after its record (${path})`, async () => {
      const total = 24 * 2 ** 20;
      let written = 0;
      await suite.start((_q, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': total });
        const go = (): void => {
          while (written < total && !response.destroyed) {
            written += 65_536;
            if (!response.write(Buffer.alloc(65_536, 0x20))) return void response.once('drain', go);
          }
          response.end();
        };
        go();
      }, { settings: { clientSendTimeoutMs: 200 } });
      // Reads until only what the system and the gateway hold is left, then no more.
      const socket = neverRead(request);
      let read = 0;
      socket.on('data', (bytes: Buffer) => {
        read += bytes.length;
        if (read > total - 300_000) socket.pause();
      });
      await until(() => suite.proxy.exchanges.length === 1);
      await until(() => suite.proxy.gateway.sweeper.size === 0);
    });
  }

  it('an HTTP/2 stream that nobody reads is given up', async () => {
    await suite.start((_q, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 500_000_000 });
      const go = (): void => { while (!response.destroyed && response.write('x'.repeat(65_536))); };
      response.on('drain', go);
      go();
    }, { settings: { clientSendTimeoutMs: 100 } });
    const session = connectHttp2(suite.proxy.url).on('error', () => undefined);
    const stream = session.request({ ':method': 'POST', ':path': '/v1/chat/completions', 'content-type': 'application/json' });
    stream.on('error', () => undefined).pause().end('{}');
    expect(await suite.proxy.exchange()).to.deep.include({ errorType: 'client_closed', endReason: 'client', statusCode: 200 });
    await until(() => suite.proxy.gateway.sweeper.size === 0);
    await until(() => suite.upstream.requests[0]?.request.socket.destroyed === true);
    session.destroy();
  });

  it('one that reads again in time gets all', async () => {
    const total = 24 * 2 ** 20;
    await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.alloc(total)); }, { settings: { clientSendTimeoutMs: 30_000 } });
    const socket = neverRead('GET /v1/files/f/content HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    await new Promise((resolve) => { setTimeout(resolve, 600); }); // sweeps go by
    await new Promise((resolve) => { socket.on('end', resolve).resume(); });
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'complete', responseSize: total });
  });

  it('an answer that waits for an earlier one of the same connection is not given up', async () => {
    let finishFirst = (): void => undefined;
    await suite.start((request, response) => {
      if (request.url === '/v1/models/first') finishFirst = () => { response.end('first'); };
      else response.end('second');
    }, { settings: { clientSendTimeoutMs: 50 } });
    const get = (name: string, last = ''): string => `GET /v1/models/${name} HTTP/1.1\r\nhost: localhost\r\n${last}\r\n`;
    const both = rawExchange(suite.proxy.port, get('first') + get('second', 'connection: close\r\n'));
    await until(() => suite.proxy.exchanges.length === 1 || suite.upstream.requests.length === 1);
    await new Promise((resolve) => { setTimeout(resolve, 400); }); // several limits go by
    finishFirst();
    expect((await both).text).to.include('first').and.include('second');
  });

  for (const [what, head] of [
    ['a JSON body', 'content-type: application/json\r\ncontent-length: 100000'],
    ['a chunked JSON body', 'content-type: application/json\r\ntransfer-encoding: chunked'],
    ['a body that streams through', 'content-type: audio/wav\r\ncontent-length: 100000'],
    ['a body without a type', 'content-length: 100000'],
  ] as const) {
    it(`${what} that trickles is not waited for, although it never stops`, async () => {
      await suite.start(() => undefined, { clientIdleMs: 400 });
      const socket = connect(suite.proxy.port, '127.0.0.1');
      sockets.push(socket);
      let text = '';
      socket.setEncoding('latin1').on('data', (part: string) => { text += part; });
      socket.on('error', () => undefined);
      socket.write(`POST /v1/files HTTP/1.1\r\nhost: localhost\r\n${head}\r\n\r\n`);
      const trickle = setInterval(() => { socket.write(head.includes('chunked') ? '1\r\n{\r\n' : '{'); }, 50);
      await until(() => text.includes('\r\n\r\n'));
      clearInterval(trickle);
      expect(text).to.match(/^HTTP\/1\.1 408/).and.match(/x-gateway-error: request_timeout/);
      expect(await suite.proxy.exchange()).to.deep.include({ errorType: 'request_timeout', endReason: 'gateway', providerErrorCount: 0 });
    });
  }

  for (const [encoding, encode] of [
    ['gzip', gzipSync], ['gzip, gzip', (bytes: Buffer) => gzipSync(gzipSync(bytes))],
  ] as const) {
    it(`a stream that the gateway decodes waits for its reader, however few bytes it came in (${encoding})`, async () => {
      const event = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(8_000)}"}}]}\n\n`;
      const decoded = Buffer.from(`${event.repeat(4_000)}data: [DONE]\n\n`);
      const encoded = encode(decoded);
      await suite.start((_q, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding }).end(encoded);
      });
      const request = rawPost('/v1/chat/completions', '{"stream":true}', ['connection: close']);
      const socket = neverRead(request);
      await until(() => suite.upstream.requests.length === 1);
      // Two more that read show when its answer would have been decoded, too.
      for (let i = 0; i < 2; i++) {
        expect((await rawExchange(suite.proxy.port, request)).text).to.have.length.above(decoded.length);
      }
      expect(suite.proxy.exchanges).to.have.length(2);
      let received = 0;
      socket.on('data', (bytes: Buffer) => { received += bytes.length; });
      await new Promise((resolve) => { socket.on('close', resolve); });
      expect(received).to.be.above(decoded.length);
      expect(suite.proxy.exchanges.map(({ responseSize, endReason }) => [responseSize, endReason]))
        .to.deep.equal(Array(3).fill([decoded.length, 'complete']));
    });
  }
});
