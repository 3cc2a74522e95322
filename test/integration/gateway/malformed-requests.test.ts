import { expect } from 'chai';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { rawChunkedPost, rawPost } from '../../support/proxied.js';
import { rawExchange, startProxy, startUpstream, until, type ProxyHarness, type ScriptedUpstream } from '../../support/proxy-harness.js';

const EVENT = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';
const CHUNKED = 'host: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n';

// Rules 4, 10 and 19: what is no HTTP is refused with the connection, and is never two requests.
describe('requests that are no proper HTTP', () => {
  let proxy: ProxyHarness;
  let upstream: ScriptedUpstream;
  let answer: ServerResponse | undefined;
  beforeEach(async () => {
    upstream = await startUpstream((_request, response) => {
      answer = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(EVENT);
    });
    proxy = await startProxy({ env: { OPENAI_BASE_URL: upstream.url } });
  });
  afterEach(async () => {
    await proxy.close();
    await upstream.close();
  });

  for (const [what, bytes] of [
    ['both Content-Length and Transfer-Encoding', `POST /v1/chat/completions HTTP/1.1\r\n${CHUNKED}content-length: 4\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n`],
    ['two different Content-Lengths', 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x'],
    ['a transfer coding beside chunked', 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['an unknown transfer coding', 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a header line without colon', 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nnonsense\r\n\r\n'],
    ['a space before the colon', 'GET /v1/models HTTP/1.1\r\nhost : localhost\r\n\r\n'],
    ['no Host under HTTP/1.1', 'GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ] as const) {
    it(`${what}: 400 and closed, nothing forwarded`, async () => {
      const { text, error } = await rawExchange(proxy.port, bytes);
      expect(error).to.equal(undefined);
      expect(text).to.match(/^HTTP\/1\.1 400/);
      expect(text.match(/HTTP\/1\.1 \d{3}/g)).to.have.length(1);
      expect(upstream.requests).to.have.length(0);
    });
  }

  for (const [what, chunk] of [['a bad chunk size', 'zz\r\n{}\r\n'], ['a chunk longer than it says', '2\r\n{}xx\r\n'], ['a negative chunk size', '-1\r\n']] as const) {
    it(`${what}: 400 and closed, one record that says so, nothing forwarded`, async () => {
      const { text } = await rawExchange(proxy.port, `POST /v1/chat/completions HTTP/1.1\r\n${CHUNKED}\r\n${chunk}`);
      expect(text).to.match(/^HTTP\/1\.1 400/).and.match(/x-gateway-error: bad_request/);
      expect(await proxy.exchange()).to.deep.include({ statusCode: 400, errorType: 'bad_request', endReason: 'gateway', attempts: 0, errorCount: 1 });
      expect(proxy.exchanges).to.have.length(1);
      expect(upstream.requests).to.have.length(0);
    });
  }

  for (const [what, request] of [['a plain request', rawPost('/v1/chat/completions', '{"model":"m","stream":true}')], ['any other', rawChunkedPost('/v1/chat/completions', '{"model":"m","stream":true}')]] as const) {
    it(`leaves the answer to ${what} alone that is under way: what comes behind it is judged after its end`, async () => {
      const socket: Socket = connect(proxy.port, '127.0.0.1');
      let text = '';
      socket.setEncoding('latin1').on('data', (part: string) => { text += part; }).on('error', () => undefined);
      const closed = new Promise((resolve) => { socket.on('close', resolve); });
      socket.write(request);
      await until(() => text.includes('"hi"'));
      await new Promise((resolve) => { socket.write('not HTTP at all\r\n\r\n', resolve); });
      setTimeout(() => answer?.end('data: [DONE]\n\n'), 20);
      await closed;
      expect(text.match(/HTTP\/1\.1 \d{3}/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 400']);
      expect(text).to.match(/\[DONE\]\n\n\r\n0\r\n\r\nHTTP\/1\.1 400/);
      expect(proxy.exchanges.map(({ statusCode, endReason }) => [statusCode, endReason])).to.deep.equal([[200, 'complete']]);
    });
  }

  it('does not write a 400 into an answer that is under way while the body is still coming', async () => {
    const early = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(EVENT);
    });
    await new Promise<void>((resolve) => { early.listen(0, '127.0.0.1', resolve); });
    await proxy.close();
    proxy = await startProxy({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${(early.address() as AddressInfo).port}` } });
    const socket: Socket = connect(proxy.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => { text += part; }).on('error', () => undefined);
    socket.write('POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n');
    await until(() => text.includes('"hi"'));
    const closed = new Promise((resolve) => { socket.on('close', resolve); });
    socket.write('not a chunk\r\n\r\n');
    await closed;
    expect(text.match(/HTTP\/1\.1/g)).to.have.length(1);
    expect(text).to.not.include('bad_request');
    expect(await proxy.exchange()).to.deep.include({ statusCode: 200, endReason: 'gateway', errorType: 'bad_request' });
    early.closeAllConnections();
    await new Promise((resolve) => { early.close(resolve); });
  });

  it('lets the answer to a request that said Connection: close go out, whatever comes behind it', async () => {
    const body = '{"model":"m","stream":true}';
    const request = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const { text } = await rawExchange(proxy.port, `${request}GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n`, (sofar) => sofar.includes('"hi"'));
    expect(text).to.match(/^HTTP\/1\.1 200/);
    await until(() => proxy.exchanges.length === 1);
    expect(proxy.exchanges[0]).to.deep.include({ path: '/v1/chat/completions', statusCode: 200, errorType: 'client_closed' });
    expect(upstream.requests).to.have.length(1);
  });

  it('headers over 64 KiB: 431', async () => {
    const { text } = await rawExchange(proxy.port, `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx-long: ${'x'.repeat(70_000)}\r\n\r\n`);
    expect(text).to.match(/^HTTP\/1\.1 431/);
  });

  it('CONNECT that is reset at once does not end the process', async () => {
    for (let i = 0; i < 20; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(proxy.port, '127.0.0.1', () => {
          socket.write('CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n', () => { socket.resetAndDestroy(); });
        });
        socket.on('close', () => { resolve(); }).on('error', () => undefined);
      });
    }
    expect((await fetch(`${proxy.url}/health`)).status).to.equal(200);
  });

  it('odd content types reach the provider', async () => {
    await upstream.close();
    upstream = await startUpstream((_request, response) => response.end('{}'));
    await proxy.close();
    proxy = await startProxy({ env: { OPENAI_BASE_URL: upstream.url } });
    for (const type of ['text', ';', 'application/json; charset=utf-8, text/plain', 'a/b; c="d', '']) {
      const { text } = await rawExchange(proxy.port, `POST /v1/files HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: ${type}\r\ncontent-length: 3\r\n\r\nabc`);
      expect(text, type).to.match(/^HTTP\/1\.1 200/);
    }
    expect(upstream.requests.map(({ body }) => body.toString())).to.deep.equal(['abc', 'abc', 'abc', 'abc', 'abc']);
    const { text } = await rawExchange(proxy.port, 'POST /v1/files HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc');
    expect(text).to.match(/^HTTP\/1\.1 200/);
  });
});
