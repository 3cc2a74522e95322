import { expect } from 'chai';
import { connect, type Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { proxied, rawChunkedPost, rawPost } from '../../support/proxied.js';
import { rawExchange, until } from '../../support/proxy-harness.js';

const EVENT = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';
const DONE = 'data: [DONE]\n\n';

// Rules 15 and 16: the life of client connections.
describe('connections of clients', () => {
  const suite = proxied();
  function client(bytes: string): { socket: Socket; text: () => string; closed: Promise<void> } {
    const socket = connect(suite.proxy.port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => { text += part; }).on('error', () => undefined);
    return { socket, text: () => text, closed: new Promise((resolve) => { socket.on('close', () => { resolve(); }); }) };
  }

  it('have 60 s for their headers, no limit for the whole request, and SERVER_KEEPALIVE_TIMEOUT when idle', async () => {
    await suite.start((_q, response) => response.end('{}'), { keepAliveTimeoutMs: 7_500 });
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = suite.proxy.app.server;
    expect({ headersTimeout, requestTimeout, keepAliveTimeout, timeout }).to.deep.equal({ headersTimeout: 60_000, requestTimeout: 0, keepAliveTimeout: 7_500, timeout: 0 });
  });

  it('that are idle are closed by us', async () => {
    await suite.start((_q, response) => response.end('{}'), { keepAliveTimeoutMs: 50 });
    const { text, closed } = client(rawPost('/v1/chat/completions', '{}'));
    await closed;
    expect(text()).to.match(/^HTTP\/1\.1 200/).and.match(/connection: keep-alive/i);
  });

  it('that wait for a slow answer are not idle', async () => {
    await suite.start((_q, response) => { setTimeout(() => response.end('{}'), 1_500); }, { keepAliveTimeoutMs: 50 });
    expect((await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{}', ['connection: close']))).text).to.match(/^HTTP\/1\.1 200/);
  });

  it('of HTTP/1.0 may ask to be kept', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const { socket, text } = client(rawPost('/v1/chat/completions', '{}', ['connection: keep-alive'], '1.0'));
    await until(() => text().endsWith('{}'));
    if (/connection: keep-alive/i.test(text())) {
      socket.write(rawPost('/v1/chat/completions', '{}', [], '1.0'));
      await until(() => suite.proxy.exchanges.length === 2);
    }
    expect(text()).to.not.match(/transfer-encoding/i);
    socket.destroy();
  });

  it('finish their running answers while the gateway stops; no new ones are taken, kept ones are closed', async () => {
    let open: ServerResponse | undefined;
    await suite.start((_q, response) => {
      open = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT);
    });
    const running = client(rawPost('/v1/chat/completions', '{"stream":true}'));
    await until(() => running.text().includes('"hi"'));
    const idle = client('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await until(() => idle.text().includes('200 OK'));
    const closing = suite.proxy.app.close();
    await idle.closed;
    const late = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{}'));
    expect([late.text, late.error]).to.deep.equal(['', 'ECONNREFUSED']);
    open?.end(DONE);
    await until(() => running.text().includes('[DONE]') && running.text().endsWith('0\r\n\r\n'));
    suite.proxy.app.server.closeIdleConnections();
    await running.closed;
    await closing;
    expect(suite.proxy.exchanges).to.have.length(1);
    expect(suite.proxy.exchanges[0]).to.deep.include({ endReason: 'complete' });
  });

  it('are told to close when they send a further request while the gateway stops', async () => {
    const open: ServerResponse[] = [];
    await suite.start((_q, response) => {
      open.push(response);
      if (open.length === 2) response.end('{}');
    });
    const kept = client(rawChunkedPost('/v1/a', '{}'));
    await until(() => open.length === 1);
    const closing = suite.proxy.app.close();
    await new Promise<void>((resolve) => { kept.socket.write(rawChunkedPost('/v1/b', '{}'), () => { resolve(); }); });
    setTimeout(() => open[0]?.end('{}'), 20);
    await kept.closed;
    expect(kept.text().match(/connection: [\w-]+/gi)?.at(-1)).to.match(/close/i);
    expect(suite.proxy.exchanges).to.have.length(2);
    await closing;
  });

  it('that are plain get the answer to a further request while the gateway stops, and are told to close with it', async () => {
    const open: ServerResponse[] = [];
    await suite.start((_q, response) => {
      open.push(response);
      if (open.length === 2) response.end('{}');
    });
    const kept = client(rawPost('/v1/a', '{}'));
    await until(() => open.length === 1);
    const closing = suite.proxy.app.close();
    await new Promise<void>((resolve) => { kept.socket.write(rawPost('/v1/b', '{}'), () => { resolve(); }); });
    setTimeout(() => open[0]?.end('{}'), 20);
    await kept.closed;
    expect(kept.text().match(/connection: [\w-]+/gi)?.at(-1)).to.match(/close/i);
    expect(suite.proxy.exchanges).to.have.length(2);
    await closing;
  });

  it('that are plain are told to close with the answer that is under way when the gateway stops', async () => {
    let open: ServerResponse | undefined;
    await suite.start((_q, response) => { open = response; });
    const kept = client(rawPost('/v1/a', '{}'));
    await until(() => open !== undefined);
    const closing = suite.proxy.app.close();
    setTimeout(() => open?.end('{}'), 20);
    await kept.closed;
    expect(kept.text()).to.match(/connection: close/i).and.match(/\{\}(\r\n0\r\n\r\n)?$/);
    await closing;
  });

  it('are cut at the deadline: an answer under way breaks, a request without answer gets 503', async () => {
    await suite.start((request, response) => { if (request.url === '/v1/chat/completions') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT); });
    const streaming = client(rawPost('/v1/chat/completions', '{"stream":true}'));
    const waiting = client(rawPost('/v1/messages', '{}'));
    await until(() => streaming.text().includes('"hi"') && suite.upstream.requests.length === 2);
    suite.proxy.gateway.sweeper.expireAll('shutting_down');
    await Promise.all([streaming.closed, waiting.closed]);
    expect(streaming.text()).to.not.match(/\r\n0\r\n\r\n$/);
    expect(waiting.text()).to.match(/^HTTP\/1\.1 503/).and.match(/x-gateway-error: shutting_down/).and.include('"type":"error"');
    expect(suite.proxy.exchanges.map(({ statusCode, errorType, endReason, providerErrorCount }) => [statusCode, errorType, endReason, providerErrorCount]).sort())
      .to.deep.equal([[200, 'shutting_down', 'gateway', 0], [503, 'shutting_down', 'gateway', 0]]);
    await suite.proxy.gateway.sweeper.idle();
  });
});

// Rule 3: a loop is seen by the name in Via.
describe('loops', () => {
  const suite = proxied();
  const via = async (value: string): Promise<number> => (await fetch(`${suite.proxy.url}/v1/models`, { headers: { via: value } })).status;

  it('are broken by the gateway\'s own name, whole and wherever it stands', async () => {
    await suite.start((_q, response) => response.end('{}'));
    for (const value of ['1.1 gateway-test', '1.0 a, 1.1 gateway-test (comment), 1.1 b', 'HTTP/1.1 gateway-test,1.1 c']) expect(await via(value), value).to.equal(508);
    for (const value of ['1.1 gateway-test-2', '1.1 my-gateway-test', '1.1 other']) expect(await via(value), value).to.equal(200);
    expect(suite.upstream.requests[0]?.request.headers.via).to.equal('1.1 gateway-test-2, 1.1 gateway-test');
  });

  it('of a base URL that is the gateway itself end at once, with a record for each pass', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const { port } = suite.proxy;
    await suite.upstream.close();
    // Another listener in between, as a tunnel would be.
    const { createServer } = await import('node:net');
    const tunnel = createServer((socket) => { const on = connect(port, '127.0.0.1'); socket.pipe(on).pipe(socket); on.on('error', () => socket.destroy()); socket.on('error', () => on.destroy()); });
    await new Promise<void>((resolve) => { tunnel.listen(Number(new URL(suite.upstream.url).port), '127.0.0.1', resolve); });
    const response = await fetch(`${suite.proxy.url}/v1/models`);
    expect([response.status, response.headers.get('x-gateway-error')]).to.deep.equal([508, null]); // the provider's answer, as far as the outer pass can tell
    expect(suite.proxy.exchanges.map(({ statusCode, errorType }) => [statusCode, errorType])).to.deep.equal([[508, 'loop_detected'], [508, undefined]]);
    suite.proxy.app.server.closeAllConnections();
    suite.proxy.gateway.close();
    await new Promise((resolve) => { tunnel.close(resolve); });
  });
});
