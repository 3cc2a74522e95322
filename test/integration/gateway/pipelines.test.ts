import { expect } from 'chai';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { proxied, rawChunkedPost, rawPost } from '../../support/proxied.js';
import { rawExchange, until } from '../../support/proxy-harness.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = '\0\0\0\x04\0\0\0\0\0';

function get(path: string, headers: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, 'host: localhost', ...headers, '', ''].join('\r\n');
}

const H2C = ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQCAAAAAAIAAAAA'];
const WEBSOCKET = ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version: 13'];

/** What may come behind another request, and the statuses that it is answered with. */
const SECONDS = {
  'a request': [get('/v1/models/2'), ['200']],
  'a plain request': [rawPost('/v1/chat/completions', '{"model":"m"}'), ['200']],
  'a WebSocket where there is none': [get('/v1/models/2', WEBSOCKET), ['501']],
  'a WebSocket to nobody': [get('/x', WEBSOCKET), ['404']],
  'an unknown upgrade': [get('/v1/models/2', ['connection: upgrade', 'upgrade: foo']), ['501']],
  'an upgrade with a body': ['POST /v1/moderations HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: foo\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}', ['501']],
  'an offer of h2c': [get('/v1/models/2', H2C), ['200']],
  'an offer of h2c and another': [get('/v1/models/2', H2C) + get('/v1/models/3', H2C), ['200', '200']],
  CONNECT: ['CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n', ['400']],
  'Expect that is refused': [rawPost('/v1/moderations', '{}', ['expect: 100-continue', 'x-provider: nope']), ['100', '400']],
  'Expect that is met': [rawPost('/v1/moderations', '{}', ['expect: 100-continue']), ['100', '200']],
  'another expectation': [rawPost('/v1/moderations', '{}', ['expect: magic']), ['417']],
  'no HTTP': ['not HTTP at all\r\n\r\n', ['400']],
  TRACE: ['TRACE /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n', ['501']],
} as const;

const FIRSTS = {
  'a page of the gateway': [get('/health'), '200'],
  'a refused request': [get('/nowhere'), '404'],
  'a request without a body': [get('/v1/models/1'), '200'],
  'a plain request': [rawPost('/v1/chat/completions', '{"model":"m"}'), '200'],
  'a chunked request': [rawChunkedPost('/v1/chat/completions', '{"model":"m"}'), '200'],
  'a request that is not JSON': ['POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 8\r\n\r\na\r\n\r\nb\r\n', '200'],
} as const;

describe('pipelined requests', () => {
  const suite = proxied();

  for (const [first, [firstBytes, firstStatus]] of Object.entries(FIRSTS)) {
    for (const [second, [secondBytes, secondStatuses]] of Object.entries(SECONDS)) {
      it(`${second} behind ${first}: each is answered in its turn`, async () => {
        await suite.start((_request, response) => { response.end('{}'); });
        const last = get('/v1/models/last', ['connection: close']);
        const { text } = await rawExchange(suite.proxy.port, firstBytes + secondBytes + last);
        const statuses = text.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => line.slice(-3)) ?? [];
        expect(statuses.slice(0, 1 + secondStatuses.length)).to.deep.equal([firstStatus, ...secondStatuses]);
        expect(await (await fetch(`${suite.proxy.url}/health`)).json()).to.have.property('status', 'ok');
      });
    }

    it(`the preface of HTTP/2 behind ${first}: the answer, then HTTP/2`, async () => {
      await suite.start((_request, response) => { response.end('{"is":"whole"}'); });
      const { text } = await rawExchange(suite.proxy.port, firstBytes + PREFACE + SETTINGS, (soFar) => soFar.includes('\0\0\0\x04\x01'));
      expect(text).to.match(new RegExp(`^HTTP/1\\.1 ${firstStatus}`));
      const http2 = text.indexOf('\0');
      expect(text.slice(http2 + 3, http2 + 5)).to.equal('\x04\0'); // the server's SETTINGS
      expect(text.slice(0, http2)).to.match(/\}(\r\n0\r\n\r\n)?$/);
    });
  }

  for (const [what, behind] of Object.entries({
    'a request': get('/v1/models/2'),
    'many requests': get('/v1/models/2').repeat(2_000),
    'an upgrade': get('/x', WEBSOCKET),
    'an offer of h2c': get('/v1/models/2', H2C),
    CONNECT: SECONDS.CONNECT[0],
    'two requests and CONNECT': get('/v1/models/2') + get('/v1/models/3') + SECONDS.CONNECT[0],
    'the preface of HTTP/2': PREFACE + SETTINGS,
    'no HTTP': 'not HTTP at all\r\n\r\n',
  })) {
    it(`${what} behind a stream: a client that leaves is noticed, its call cancelled and recorded`, async () => {
      let cancelled = 0;
      await suite.start((_request, response) => {
        response.on('close', () => { cancelled += 1; });
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"choices":[]}\n\n');
      });
      const sockets: Socket[] = [];
      for (const request of [get('/v1/models/1'), rawPost('/v1/chat/completions', '{"model":"m","stream":true}')]) {
        const socket = connect(suite.proxy.port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(request + behind);
        sockets.push(socket);
      }
      await Promise.all(sockets.map((socket) => new Promise((resolve) => { socket.once('data', resolve); })));
      expect(suite.upstream.requests).to.have.length(2);
      for (const socket of sockets) socket.destroy();
      await until(() => cancelled === 2 && suite.proxy.exchanges.length === 2);
      for (const exchange of suite.proxy.exchanges) expect(exchange).to.deep.include({ endReason: 'client', errorType: 'client_closed' });
      await until(async () => await connections() === 0);
    });
  }

  function connections(): Promise<number> {
    return new Promise((resolve) => { suite.proxy.app.server.getConnections((_error, count) => { resolve(count); }); });
  }

  it('open one call at a time, however many there are, and are answered in order', async () => {
    const count = 600;
    let open = 0;
    let most = 0;
    await suite.start((request, response) => {
      open += 1;
      most = Math.max(most, open);
      response.on('close', () => { open -= 1; });
      setImmediate(() => { response.end(`<${request.url ?? ''}>`); });
    });
    const requests = Array.from({ length: count }, (_, i) => get(`/v1/models/${i}`, i === count - 1 ? ['connection: close'] : [])).join('');
    const { text } = await rawExchange(suite.proxy.port, requests);
    expect(text.match(/<[^>]+>/g)).to.deep.equal(Array.from({ length: count }, (_, i) => `</v1/models/${i}>`));
    expect(most).to.equal(1);
    expect(suite.proxy.exchanges).to.have.length(count);
  });

  it('are the same requests however their bytes are cut', async () => {
    await suite.start(echo);
    const requests = [
      get('/v1/models/0'), rawChunkedPost('/v1/a', '{"a":"\\r\\n"}'), rawPost('/v1/b', '{"b":"\r\n\r\n"}', ['x-a: b']), get('/v1/models/1', H2C),
      'POST /v1/files HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n8\r\n\r\n\r\nab\r\n\r\n0\r\nx-trailer: a\r\n\r\n', `\r\n${get('/v1/models/2')}`,
      'DELETE /v1/files/1 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\n\r\n\r\n', get('/v1/models/3', ['connection: close']),
    ].join('');
    const expected = (await rawExchange(suite.proxy.port, requests)).text.match(/<[^>]*>/gs);
    expect(expected).to.have.length(8);
    for (const step of [1, 2, 3, 5, 7, 64]) {
      const socket = connect(suite.proxy.port, '127.0.0.1');
      socket.setNoDelay(true);
      let text = '';
      socket.setEncoding('latin1').on('data', (part: string) => { text += part; }).on('error', () => undefined);
      const closed = new Promise((resolve) => { socket.on('close', resolve); });
      for (let at = 0; at < requests.length; at += step) {
        await new Promise((resolve) => { socket.write(requests.slice(at, at + step), resolve); });
      }
      await closed;
      expect(text.match(/<[^>]*>/gs), `pieces of ${step}`).to.deep.equal(expected);
    }
  });

  function echo(request: IncomingMessage, response: ServerResponse): void {
    response.end(`<${request.method ?? ''} ${request.url ?? ''} ${JSON.stringify(suite.upstream.requests.at(-1)?.body.toString())}>`);
  }
});
