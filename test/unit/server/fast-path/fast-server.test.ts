import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { ClientRequest, ClientResponse } from '../../../../src/gateway/client.js';
import { FastServer, type FastServerOptions } from '../../../../src/server/fast-path/fast-server.js';
import { PlainRequest } from '../../../../src/server/fast-path/plain-request.js';
import { rawChunkedPost, rawPost } from '../../../support/proxied.js';
import { until } from '../../../support/proxy-harness.js';

type Handle = (request: ClientRequest, response: ClientResponse) => void;

const BIG = Buffer.alloc(300_000, 'x');

describe('the server\'s fast path', () => {
  let server: FastServer;
  let clientErrors: unknown[];
  let http2: Socket[];
  let paths: ('fast' | 'node')[];
  afterEach((done) => {
    server.close(() => { done(); });
    server.closeAllConnections();
  });

  async function serve(handle: Handle, options: Partial<FastServerOptions['http']> & { maxBodyBytes?: number } = {}): Promise<void> {
    const { maxBodyBytes = 1_000_000, ...http } = options;
    paths = [];
    const noted: Handle = (request, response) => {
      paths.push(request instanceof PlainRequest ? 'fast' : 'node');
      response.on('error', () => undefined);
      handle(request, response);
    };
    clientErrors = [];
    http2 = [];
    server = new FastServer({
      http: { headersTimeout: 60_000, keepAliveTimeout: 5_000, ...http },
      listener: noted, handle: noted, proxies: (target) => target !== '/health', maxBodyBytes,
      onHttp2: (socket) => { http2.push(socket.resume()); },
      onClientError: ({ code }, socket) => {
        clientErrors.push(code);
        socket.destroy();
      },
      onFault: (error) => { throw error; },
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  }

  function client(bytes: string): { socket: Socket; text: () => string; closed: Promise<void> } {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => { text += part; }).on('error', () => undefined);
    return { socket, text: () => text, closed: new Promise((resolve) => { socket.on('close', () => { resolve(); }); }) };
  }

  /** What comes back, the time of day aside. */
  async function answer(bytes: string): Promise<string> {
    const { socket, text } = client(bytes);
    await until(() => paths.length > 0);
    await finished;
    await until(() => socket.bytesRead > 0);
    await new Promise((resolve) => { setTimeout(resolve, 30); });
    socket.destroy();
    return text().replace(/Date: [^\r]+ GMT/, 'Date: now');
  }
  let finished: Promise<void> = Promise.resolve();
  const noting = (handle: Handle): Handle => (request, response) => {
    finished = new Promise((resolve) => { response.on('close', resolve); });
    handle(request, response);
  };

  const answers: Record<string, (response: ClientResponse) => void> = {
    'a short answer of known length': (response) => { response.writeHead(200, 'OK', ['Content-Type', 'application/json', 'content-length', '2']); response.end('{}', 'latin1'); },
    'a long answer of known length': (response) => { response.writeHead(200, 'OK', ['content-length', '300000']); response.end(BIG); },
    'an answer in pieces': (response) => {
      response.writeHead(200, 'OK', ['content-type', 'text/event-stream']);
      response.flushHeaders();
      response.write(Buffer.from('data: é\n\n'));
      setImmediate(() => {
        response.write(Buffer.from('data: b\n\n'));
        response.write(BIG);
        response.write(Buffer.from('data: c\n\n'));
        response.end(Buffer.from('data: d\n\n'));
      });
    },
    'an answer without end bytes': (response) => { response.writeHead(200, 'OK', []); response.end(); },
    'an empty text': (response) => { response.writeHead(200, 'OK', []); response.end('', 'latin1'); },
    'an empty piece before others': (response) => {
      response.writeHead(200, 'OK', []);
      response.write(Buffer.alloc(0));
      response.end(Buffer.from('x'));
    },
    'no content': (response) => { response.writeHead(204, ['x-a', 'b']); response.end(); },
    'not modified': (response) => { response.writeHead(304, ['etag', '"b"']); response.end(); },
    'an own reason and headers of one name': (response) => { response.writeHead(418, 'Short and Stout', ['x-a', '1', 'X-A', '2', 'content-length', '0']); response.end(); },
    'a date of the provider': (response) => { response.writeHead(200, 'OK', ['date', 'Tue, 24 Nov 2026 00:00:00 GMT', 'content-length', '0']); response.end(); },
    'the word to close': (response) => { response.writeHead(400, ['connection', 'close', 'content-length', '1']); response.end(Buffer.from('x')); },
  };
  for (const [what, make] of Object.entries(answers)) {
    it(`writes the bytes that Node would: ${what}`, async () => {
      await serve(noting((request, response) => { request.on('data', () => undefined); request.on('end', () => { make(response); }); }));
      const fast = await answer(rawPost('/v1/x', '{}'));
      const node = await answer(rawChunkedPost('/v1/x', '{}'));
      expect(paths).to.deep.equal(['fast', 'node']);
      // Node may join or split chunks elsewhere; what a client reads of them is the same.
      expect(unchunked(fast)).to.equal(unchunked(node));
    });
  }

  it('refuses a value that would end its header', async () => {
    const errors: unknown[] = [];
    await serve((_request, response) => {
      try {
        response.writeHead(200, 'OK', ['x-a', 'b\r\nx-c: d']);
      } catch (error) {
        errors.push(error);
        response.writeHead(500, ['content-length', '0']);
        response.end();
      }
    });
    const { text } = client(rawPost('/v1/x', '{}'));
    await until(() => text().endsWith('\r\n\r\n'));
    expect(errors[0]).to.be.instanceOf(TypeError).with.property('message').that.includes('x-a');
    expect(text()).to.match(/^HTTP\/1\.1 500/).and.not.include('x-c');
  });

  for (const [what, reason, name] of [['a reason', 'OK\r\nx-c: d', 'x-a'], ['a name', 'OK', 'x-a: b\r\nx-c'], ['an empty name', 'OK', '']] as const) {
    it(`refuses ${what} that would be more than that`, async () => {
      const errors: unknown[] = [];
      await serve((_request, response) => {
        try {
          response.writeHead(200, reason, [name, 'b']);
        } catch (error) {
          errors.push(error);
          response.writeHead(500, ['content-length', '0']);
          response.end();
        }
      });
      const { text } = client(rawPost('/v1/x', '{}'));
      await until(() => text().endsWith('\r\n\r\n'));
      expect(errors[0]).to.be.instanceOf(TypeError);
      expect(text()).to.match(/^HTTP\/1\.1 500/).and.not.include('x-c');
    });
  }

  it('ends a connection over which a lenient parser finds a second request where the first has no answer', async () => {
    await serve(() => undefined, { insecureHTTPParser: true });
    const { closed, text } = client('GET /v1/a HTTP/1.1\nhost: a\n\nGET /v1/b HTTP/1.1\nhost: a\n\n');
    await closed;
    expect([paths, text()]).to.deep.equal([['node'], '']);
  });

  it('reads a body that comes in any pieces, and the next request behind it', async () => {
    const bodies: string[] = [];
    await serve((request, response) => {
      let body = '';
      request.on('data', (part) => { body += part.toString('latin1'); });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(200, ['content-length', '0']);
        response.end();
      });
    });
    const bytes = rawPost('/v1/a', 'a'.repeat(500)) + rawPost('/v1/b', 'b'.repeat(5)) + rawPost('/v1/c', 'c'.repeat(50_000));
    const headEnd = bytes.indexOf('\r\n\r\n') + 4;
    const { socket } = client(bytes.slice(0, headEnd));
    for (let at = headEnd; at < bytes.length; at += at < 1_000 ? 97 : 9_973) {
      await new Promise<void>((resolve) => { setTimeout(resolve, 1); });
      socket.write(bytes.slice(at, Math.min(bytes.length, at + (at < 1_000 ? 97 : 9_973))));
    }
    await until(() => bodies.length === 3);
    expect(bodies.map((body) => `${body[0] ?? ''}${body.length}`)).to.deep.equal(['a500', 'b5', 'c50000']);
    socket.destroy();
  });

  it('gives a connection to Node with the first request that is not plain', async () => {
    await serve((request, response) => {
      request.on('data', () => undefined);
      response.writeHead(200, ['content-length', String((request.url ?? '').length)]);
      response.end(Buffer.from(request.url ?? ''));
    }, { maxBodyBytes: 10 });
    const { socket, text } = client(rawPost('/v1/a', '{}'));
    for (const [bytes, last] of [
      ['GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n', '/v1/models'],
      [rawPost('/v1/b', '{}'), '/v1/b'],
    ] as const) {
      await until(() => text().length > 0 && !text().endsWith(last));
      socket.write(bytes);
      await until(() => text().endsWith(last));
    }
    expect(paths).to.deep.equal(['fast', 'node', 'node']);
    socket.destroy();
    for (const bytes of [rawPost('/health', '{}'), rawPost('/v1/x', '{"a":"too long"}'), rawPost('/v1/x', '{}').slice(0, 30)]) {
      const one = client(bytes);
      await until(() => one.socket.bytesWritten > 0);
      if (bytes.length === 30) await new Promise<void>((resolve) => { setTimeout(() => { one.socket.write(rawPost('/v1/x', '{}').slice(30), () => { resolve(); }); }, 20); });
      await until(() => one.text().startsWith('HTTP/1.1 200'));
      expect(paths.at(-1)).to.equal('node');
      one.socket.destroy();
    }
  });

  it('lets what is left of an unwanted body go by before the next request', async () => {
    await serve((_request, response) => {
      response.writeHead(503, ['content-length', '0']);
      response.end();
    });
    const { socket, text } = client(rawPost('/v1/a', 'x'.repeat(1_000)).slice(0, -900));
    await until(() => text().includes('503'));
    socket.write('x'.repeat(900) + rawPost('/v1/b', '{}'));
    await until(() => (text().match(/ 503 /g) ?? []).length === 2);
    expect(paths).to.deep.equal(['fast', 'fast']);
    socket.destroy();
  });

  it('lets the writer wait for a slow reader, and tells when to go on', async () => {
    let drained = false;
    let waits: boolean | undefined;
    await serve((_request, response) => {
      response.writeHead(200, []);
      let flows = true;
      for (let i = 0; i < 100; i++) flows = response.write(BIG); // more than the system's buffers hold
      waits = !flows;
      response.once('drain', () => {
        drained = true;
        response.end();
      });
    });
    const { socket, text } = client('');
    socket.pause();
    socket.write(rawPost('/v1/a', '{}'));
    await until(() => waits !== undefined);
    expect(waits).to.equal(true);
    expect(drained).to.equal(false);
    socket.resume();
    await until(() => text().endsWith('0\r\n\r\n'));
    expect(drained).to.equal(true);
    socket.destroy();
  });

  it('tells of a client that leaves, whether its request was whole or not', async () => {
    for (const [bytes, expected] of [[rawPost('/v1/a', '{"a":1}'), ['close']], [rawPost('/v1/a', '{"a":1}').slice(0, -3), ['error', 'close']]] as const) {
      for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
        const events: string[] = [];
        await serve((request, response) => {
          request.on('data', () => undefined);
          request.on('error', () => { events.push('error'); });
          response.on('close', () => { events.push('close'); });
        });
        const { socket } = client(bytes);
        await until(() => paths.length === 1);
        socket[leave]();
        await until(() => events.includes('close'));
        expect(events, `${leave} ${bytes.length}`).to.deep.equal(expected);
        server.closeAllConnections();
        await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      }
    }
    await serve(() => undefined);
  });

  it('begins a request that is here already before it tells that the one ahead of it is over', async () => {
    const events: string[] = [];
    await serve((request, response) => {
      events.push(`begin ${request.url ?? ''}`);
      response.on('close', () => { events.push(`close ${request.url ?? ''}`); });
      request.on('data', () => undefined);
      request.on('end', () => {
        setImmediate(() => {
          response.writeHead(200, ['content-length', '0']);
          response.end();
        });
      });
    });
    const { socket } = client(rawPost('/v1/a', '{}') + rawPost('/v1/b', '{}'));
    await until(() => events.length === 4);
    expect(events).to.deep.equal(['begin /v1/a', 'begin /v1/b', 'close /v1/a', 'close /v1/b']);
    socket.destroy();
  });

  it('begins no request for a client that has left while an answer was on its way to it', async () => {
    let ended = false;
    await serve((request, response) => {
      request.on('data', () => undefined);
      response.writeHead(200, ['content-length', String(BIG.length * 100)]); // more than the system's buffers hold
      response.end(Buffer.alloc(BIG.length * 100));
      response.socket?.once('end', () => { ended = true; });
    });
    const { socket, closed } = client(rawPost('/v1/a', '{}') + rawPost('/v1/b', '{}'));
    socket.pause();
    await until(() => paths.length === 1);
    socket.end();
    await until(() => ended);
    socket.resume();
    await closed;
    expect(paths).to.deep.equal(['fast']);
  });

  it('ends connections that are idle or silent for too long', async () => {
    await serve((_request, response) => {
      response.writeHead(200, ['content-length', '0']);
      response.end();
    }, { keepAliveTimeout: 50, headersTimeout: 100 });
    const silent = client('');
    const idle = client(rawPost('/v1/a', '{}'));
    await Promise.all([silent.closed, idle.closed]);
    expect(idle.text()).to.match(/^HTTP\/1\.1 200/);
    expect(clientErrors).to.deep.equal(['ERR_HTTP_REQUEST_TIMEOUT']);
  });

  it('gives a connection away whose client speaks HTTP/2: it neither times out nor is idle, and ends with all others', async () => {
    await serve(() => undefined, { headersTimeout: 50, connectionsCheckingInterval: 20 });
    const other = client('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await until(() => http2.length === 1);
    await client('GET /v1/never HTTP/1.1\r\n').closed; // came later, and timed out
    expect(clientErrors).to.deep.equal(['ERR_HTTP_REQUEST_TIMEOUT']);
    server.closeIdleConnections();
    expect(http2[0]?.destroyed).to.equal(false);
    expect(other.text()).to.equal('');
    server.closeAllConnections();
    await other.closed;
  });

  it('keeps an idle connection for a second longer than it announces, as Node does: a request may be on the way', async () => {
    await serve((request, response) => {
      request.on('data', () => undefined);
      response.writeHead(200, ['content-length', '0']);
      response.end();
    }, { keepAliveTimeout: 500 });
    for (const [path, bytes] of [['fast', rawPost('/v1/a', '{}')], ['node', rawChunkedPost('/v1/a', '{}')]] as const) {
      const before = performance.now();
      await client(bytes).closed;
      expect([path, performance.now() - before >= 1_500]).to.deep.equal([path, true]);
    }
    expect(paths).to.deep.equal(['fast', 'node']);
  });

  it('closes idle connections, and all, when it is told to', async () => {
    await serve((request, response) => {
      if (request.url === '/v1/slow') return;
      response.writeHead(200, ['content-length', '0']);
      response.end();
    });
    const slow = client(rawPost('/v1/slow', '{}'));
    const idle = client(rawPost('/v1/a', '{}'));
    await until(() => paths.length === 2 && idle.text().length > 0);
    server.closeIdleConnections();
    await idle.closed;
    expect(slow.socket.destroyed).to.equal(false);
    server.closeAllConnections();
    await slow.closed;
  });

  it('still answers over a new connection when it closes: its request may be on the way', async () => {
    await serve((request, response) => {
      request.on('data', () => undefined);
      response.writeHead(200, ['content-length', '0']);
      response.end();
    });
    const connected = once(server, 'connection');
    const { socket, text, closed } = client('');
    await connected;
    server.close();
    server.closeIdleConnections();
    socket.write(rawPost('/v1/a', '{}'));
    await closed;
    expect(text()).to.match(/^HTTP\/1\.1 200/).and.match(/^connection: close\r$/im);
    await serve(() => undefined);
  });
});

/** The head and the body as a client reads them. */
function unchunked(text: string): string {
  const end = text.indexOf('\r\n\r\n') + 4;
  const head = text.slice(0, end);
  if (!/transfer-encoding: chunked/i.test(head)) return text;
  let body = '';
  for (let at = end; ;) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    if (size === 0) return `${head}${body}|${text.slice(line)}`;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
