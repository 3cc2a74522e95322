import { once } from 'node:events';
import { createServer as createRawServer, connect as connectRaw, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type ClientSessionOptions, type IncomingHttpHeaders, type IncomingHttpStatusHeader, type OutgoingHttpHeaders } from 'node:http2';
import { expect } from 'chai';
import { startProxy, until, type HarnessOptions, type ProxyHarness } from '../../support/proxy-harness.js';

interface Answer {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: string;
  readonly error: string | undefined;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const chat = { ':method': 'POST', ':path': '/v1/chat/completions', 'content-type': 'application/json', authorization: 'Bearer sk-client' };

describe('HTTP/2 without TLS, and what may go wrong', () => {
  let proxy: ProxyHarness;
  let provider: Server;
  let sessions: ClientHttp2Session[];
  let sockets: Socket[];
  /** Requests as the provider got them. */
  let seen: string[];
  beforeEach(() => {
    sessions = [];
    sockets = [];
    seen = [];
  });
  afterEach(async () => {
    for (const session of sessions) session.destroy();
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => { provider.close(resolve); });
  });

  /** A provider that answers each read with these bytes, and a gateway before it. */
  async function start(answer: string | ((socket: Socket) => void), options: HarnessOptions = {}): Promise<void> {
    provider = createRawServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        seen.push(bytes.toString('latin1'));
        if (typeof answer === 'string') socket.write(answer, 'latin1');
        else answer(socket);
      });
    });
    await new Promise<void>((resolve) => { provider.listen(0, '127.0.0.1', resolve); });
    proxy = await startProxy({ ...options, env: { OPENAI_BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`, ...options.env } });
  }

  const connectionOf = new Map<ClientHttp2Session, Socket>();
  function socketOf(session: ClientHttp2Session): Socket {
    return connectionOf.get(session) as Socket;
  }

  function open(options: ClientSessionOptions = {}): ClientHttp2Session {
    const socket = connectRaw(proxy.port, '127.0.0.1');
    const session = connect(proxy.url, { ...options, createConnection: () => socket });
    connectionOf.set(session, socket);
    session.on('error', () => undefined);
    sessions.push(session);
    return session;
  }

  function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
    return new Promise((resolve) => {
      let headers: Answer['headers'] = {};
      let body = '';
      let error: string | undefined;
      stream.setEncoding('latin1');
      stream.on('response', (received) => { headers = received; });
      stream.on('data', (part: string) => { body += part; });
      stream.on('error', (cause: Error) => { error = cause.message; });
      stream.on('close', () => { resolve({ headers, body, error }); });
    });
  }

  function ask(headers: OutgoingHttpHeaders = chat, body: string | null = '{"model":"m"}', options: ClientSessionOptions = {}): Promise<Answer> {
    const stream = open(options).request(headers, { endStream: body === null });
    if (body !== null) stream.end(body);
    return answerOf(stream);
  }

  function httpAnswer(head: string, body = '{}', status = '200 OK'): string {
    return `HTTP/1.1 ${status}\r\n${head}content-length: ${body.length}\r\n\r\n${body}`;
  }

  const names = Object.entries(constants).filter(([key]) => key.startsWith('HTTP2_HEADER_')).map(([, name]) => String(name))
    .filter((name) => !name.startsWith(':') && !['content-length', 'transfer-encoding', 'content-encoding'].includes(name));

  it('closes a connection that lies idle after a call of more than the keep-alive time', async () => {
    await start((socket) => { setTimeout(() => { socket.write(httpAnswer('')); }, 200); }, { keepAliveTimeoutMs: 20 });
    const session = open();
    const stream = session.request(chat);
    stream.end('{}');
    expect((await answerOf(stream)).body).to.equal('{}');
    await until(() => session.closed);
    await until(() => socketOf(session).destroyed);
  });

  it('answers with every header that HTTP/2 knows, sent twice by the provider', async () => {
    let head = '';
    await start((socket) => { socket.write(httpAnswer(head)); });
    for (const name of names) {
      head = `${name}: 1\r\n${name}: 2\r\n`;
      const { headers, body, error } = await ask();
      expect([name, headers[':status'], body, error]).to.deep.equal([name, 200, '{}', undefined]);
    }
    head = names.map((name) => `${name}: 1\r\n${name}: 2\r\n${name}: 1\r\n`).join('');
    const { headers, body } = await ask(chat, '{}', { maxHeaderListPairs: 1_000 });
    expect([headers[':status'], body]).to.deep.equal([200, '{}']);
    expect(headers).to.not.have.any.keys('connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te', 'http2-settings');
    expect(headers).to.include({ 'content-type': '1', etag: '1', location: '1', 'retry-after': '1', vary: '1, 2, 1' });
  });

  for (const [what, head] of Object.entries({
    'names of what every object has': '__proto__: a\r\n__proto__: b\r\nconstructor: a\r\ntoString: b\r\n',
    'bytes beyond ASCII': 'x-a: \xe9\xff\r\n',
    'odd letters in a name': 'a\'b|~: x\r\n',
    'an empty value': 'x-a:\r\n',
    'headers of HTTP/1.1 alone': 'connection: x-gone, keep-alive\r\nx-gone: 1\r\nkeep-alive: timeout=5\r\nupgrade: h2c\r\nte: trailers\r\ntrailer: x\r\nproxy-connection: close\r\nhttp2-settings: AA\r\nexpect: x\r\n',
  })) {
    it(`carries an answer with ${what}`, async () => {
      await start(httpAnswer(head));
      const { headers, body, error } = await ask();
      expect([headers[':status'], body, error]).to.deep.equal([200, '{}', undefined]);
      expect(headers).to.not.have.any.keys('x-gone', 'connection', 'keep-alive', 'upgrade', 'te', 'trailer');
    });
  }

  it('carries bytes beyond ASCII unchanged', async () => {
    await start(httpAnswer('x-a: \xe9\xff\r\n'));
    expect((await ask()).headers['x-a']).to.equal('\xe9\xff');
  });

  for (const status of [200, 201, 203, 206, 300, 404, 418, 429, 500, 529, 599]) {
    it(`carries status ${status}`, async () => {
      await start(httpAnswer('', '{"a":1}', `${status} Odd`));
      const { headers, body } = await ask();
      expect([headers[':status'], body]).to.deep.equal([status, '{"a":1}']);
    });
  }

  for (const [status, length] of [[204, ''], [204, 'content-length: 5\r\n'], [304, 'content-length: 5\r\n'], [205, 'content-length: 0\r\n']] as const) {
    it(`carries status ${status} ${length === '' ? 'without' : 'with'} a length`, async () => {
      await start(`HTTP/1.1 ${status} No\r\n${length}\r\n`);
      const { headers, body, error } = await ask();
      expect([headers[':status'], body, error]).to.deep.equal([status, '', undefined]);
    });
  }

  for (const status of [600, 700, 999]) {
    it(`answers 502 where the provider's status is ${status}, which HTTP/2 cannot carry`, async () => {
      await start(httpAnswer('', '{}', `${status} Odd`));
      const { headers, body } = await ask();
      expect(headers).to.include({ ':status': 502, 'x-gateway-error': 'upstream_protocol' });
      expect(body).to.include(String(status));
      expect(await proxy.exchange()).to.deep.include({ providerStatusCode: status });
    });
  }

  for (const [what, answer] of Object.entries({
    'an unasked 101': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: upgrade\r\n\r\n',
    'status 099': 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n',
    'no HTTP': 'SSH-2.0-OpenSSH_9.6\r\n\r\n',
  })) {
    it(`answers 502 where the provider answers with ${what}`, async () => {
      await start(answer);
      expect((await ask()).headers).to.include({ ':status': 502 }).and.have.property('x-gateway-error').that.matches(/^upstream_/);
      expect(await proxy.exchange()).to.deep.include({ statusCode: 502, endReason: 'provider' });
    });
  }

  it('passes by what the provider says before its answer', async () => {
    await start(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${httpAnswer('x-a: b\r\n')}`);
    expect((await ask()).headers).to.include({ ':status': 200, 'x-a': 'b' });
  });

  it('carries a head of 55 KB as HTTP/1.1 does, and says so where the client does not accept it', async () => {
    await start(httpAnswer(Array.from({ length: 500 }, (_, i) => `x-h${i}: ${'v'.repeat(100)}\r\n`).join('')));
    const { headers, body } = await ask(chat, '{}', { maxHeaderListPairs: 1_000 });
    expect([headers[':status'], headers['x-h499'], body]).to.deep.equal([200, 'v'.repeat(100), '{}']);
    expect((await ask(chat, '{}', { settings: { maxHeaderListSize: 10_000 } })).headers).to.include({ ':status': 502, 'x-gateway-error': 'upstream_protocol' });
  });

  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'PUT']) {
    it(`carries the body of ${method}, and never as another request`, async () => {
      await start(httpAnswer('', method === 'HEAD' ? '' : '{}'));
      const smuggled = 'POST /v1/smuggled HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}';
      const { headers } = await ask({ ':method': method, ':path': '/v1/models' }, smuggled);
      expect(headers[':status']).to.equal(200);
      const sent = seen.join('');
      expect(sent).to.match(new RegExp(`^${method} /v1/models HTTP/1.1\r\n`)).and.include('/v1/smuggled');
      expect(sent.slice(0, sent.indexOf('\r\n\r\n'))).to.match(/transfer-encoding: chunked|content-length: /i);
      expect(proxy.exchanges.map(({ path, requestSize }) => [path, requestSize])).to.deep.equal([['/v1/models', smuggled.length]]);
    });
  }

  it('refuses CONNECT, TRACE and unknown methods', async () => {
    await start(httpAnswer(''), { env: { OPENAI_API_KEY: 'sk-own' } });
    for (const [method, status] of [['TRACE', 501], ['PROPFIND', 501], ['FOO', 501]] as const) {
      const { headers } = await ask({ ':method': method, ':path': '/v1/models' }, null);
      expect([method, headers[':status'], headers['x-gateway-error']]).to.deep.equal([method, status, 'method_unsupported']);
    }
    expect((await ask({ ':method': 'CONNECT', ':authority': 'evil.example:443' }, null)).headers).to.include({ ':status': 400, 'x-gateway-error': 'bad_request' });
    expect(seen).to.deep.equal([]);
  });

  it('allows 128 calls at once over one connection', async () => {
    await start(() => undefined);
    const session = open();
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).to.equal(128);
    for (let i = 0; i < 200; i++) session.request(chat).on('error', () => undefined).end('{}');
    await until(() => seen.length === 128);
    await new Promise<void>((resolve) => { session.ping(() => { resolve(); }); });
    expect(seen).to.have.length(128);
  });

  for (const cut of ['each', ...Array.from({ length: PREFACE.length - 1 }, (_, i) => i + 1)] as const) {
    it(`takes a preface that is cut at ${cut} of its bytes`, async () => {
      await start(httpAnswer(''));
      const socket = connectRaw(proxy.port, '127.0.0.1');
      socket.setNoDelay(true);
      const bytes = Buffer.from(`${PREFACE}\0\0\0\x04\0\0\0\0\0`, 'latin1');
      let text = '';
      socket.setEncoding('latin1').on('data', (part: string) => { text += part; });
      const cuts = cut === 'each' ? [...bytes.keys()] : [0, cut];
      for (const [i, at] of cuts.entries()) {
        await new Promise((resolve) => { socket.write(bytes.subarray(at, cuts[i + 1]), resolve); });
        await new Promise((resolve) => { setImmediate(resolve); });
      }
      await until(() => text.includes('\0\0\0\x04\x01')); // our SETTINGS are acknowledged
      expect(text.slice(3, 5)).to.equal('\x04\0'); // its own came first, and no GOAWAY
      socket.destroy();
    });
  }

  // ---- clients that leave ----

  const leaving: Record<string, (session: ClientHttp2Session) => void> = {
    'ends its side': (session) => { socketOf(session).end(); },
    'says GOAWAY and ends its side': (session) => {
      session.goaway();
      session.ping(() => { socketOf(session).end(); });
    },
    'closes its session': (session) => { session.destroy(); },
    'resets the connection': (session) => { socketOf(session).resetAndDestroy(); },
  };
  for (const [how, leave] of Object.entries(leaving)) {
    for (const [when, answer, body] of [
      ['waiting for the answer', '', '{"model":"m"}'],
      ['reading a stream', 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {"choices":[]}\n\n', '{"model":"m","stream":true}'],
      ['sending a body', '', undefined],
    ] as const) {
      it(`notices a client that ${how} while ${when}`, async () => {
        await start(answer);
        const session = open();
        const type = body === undefined ? 'application/octet-stream' : 'application/json';
        const stream = session.request({ ...chat, 'content-type': type });
        stream.on('error', () => undefined);
        const received = once(stream, 'data');
        if (body === undefined) stream.write('part');
        else stream.end(body);
        await until(() => seen.length > 0);
        if (answer !== '') await received;
        else received.catch(() => undefined);
        leave(session);
        await until(() => proxy.exchanges.length === 1);
        expect(proxy.exchanges[0]).to.deep.include({ endReason: 'client', errorType: 'client_closed' });
        await until(() => sockets.every(({ closed, readableEnded }) => closed || readableEnded));
        await until(async () => await connections() === 0);
      });
    }
  }

  it('keeps no connection of a client that has its answer and ends its side, or sends the preface alone', async () => {
    await start(httpAnswer(''));
    expect((await ask()).body).to.equal('{}');
    for (const session of sessions) socketOf(session).end();
    connectRaw(proxy.port, '127.0.0.1').end(PREFACE);
    await until(async () => await connections() === 0);
    expect(proxy.exchanges).to.have.length(1);
  });

  it('records each stream of a flood of resets, or none, and cancels all', async () => {
    await start(() => undefined);
    const session = open();
    for (let i = 0; i < 500; i++) {
      const stream = session.request(chat);
      stream.on('error', () => undefined);
      stream.end('{"model":"m"}');
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await new Promise<void>((resolve) => { session.on('close', () => { resolve(); }); session.close(); });
    await until(async () => await connections() === 0);
    for (const { errorType } of proxy.exchanges) expect(errorType).to.equal('client_closed');
    expect(new Set(proxy.exchanges.map(({ requestId }) => requestId)).size).to.equal(proxy.exchanges.length);
    expect((await ask({ ':path': '/health' }, null)).headers[':status']).to.equal(200);
  });

  function connections(): Promise<number> {
    return new Promise((resolve) => { proxy.app.server.getConnections((_error, count) => { resolve(count); }); });
  }
});
