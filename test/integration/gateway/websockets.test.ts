import { createServer, type IncomingMessage, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect } from 'chai';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import { ensureCertificates } from '../../support/elasticsearch/certificates.js';
import { rawExchange, startProxy, until, type HarnessOptions, type ProxyHarness } from '../../support/proxy-harness.js';

const DONE = (input: number, output: number): string => JSON.stringify({
  type: 'response.done', event_id: 'e', response: {
    status: 'completed', output: [], usage: {
      total_tokens: input + output, input_tokens: input, output_tokens: output,
      input_token_details: { text_tokens: input, audio_tokens: 0, cached_tokens: 0 }, output_token_details: { text_tokens: output, audio_tokens: 0 },
    },
  },
});

/** A provider's realtime server; it echoes, and answers `respond` with a response of 10 and 5 tokens. */
interface Provider {
  readonly url: string;
  readonly server: Server;
  readonly handshakes: IncomingMessage[];
  readonly sockets: WebSocket[];
  close(): Promise<void>;
}

async function startRealtime(server: Server = createServer()): Promise<Provider> {
  const sockets = new WebSocketServer({ server, perMessageDeflate: true, handleProtocols: (offered) => [...offered][0] ?? false });
  const provider: Provider = {
    url: '', server, handshakes: [], sockets: [],
    close: () => new Promise((resolve) => {
      for (const socket of provider.sockets) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
  sockets.on('connection', (socket, request) => {
    provider.handshakes.push(request);
    provider.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.send(JSON.stringify({ type: 'session.created', event_id: 'e', session: { model: 'gpt-realtime-2025-08-28' } }));
    socket.on('message', (data, isBinary) => {
      const text = (data as Buffer).toString();
      if (text === 'respond') socket.send(DONE(10, 5));
      else if (text === 'bye') socket.close(1000, 'done');
      else if (text === 'drop') socket.terminate();
      else socket.send(data, { binary: isBinary });
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return Object.assign(provider, { url: `${server instanceof HttpsServer ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

describe('WebSocket connections', () => {
  let provider: Provider;
  let proxy: ProxyHarness;
  const clients: WebSocket[] = [];
  beforeEach(async () => { provider = await startRealtime(); });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate();
    await proxy.close();
    await provider.close();
  });

  async function start(options: HarnessOptions = {}): Promise<void> {
    proxy = await startProxy({ ...options, env: { OPENAI_BASE_URL: provider.url, AZURE_OPENAI_BASE_URL: provider.url, GEMINI_BASE_URL: provider.url, ...options.env } });
  }

  function open(path: string, options: ClientOptions = {}, protocols: string[] = []): WebSocket {
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}${path}`, protocols, options);
    clients.push(client);
    client.on('error', () => undefined);
    return client;
  }

  const opened = (client: WebSocket): Promise<void> => new Promise((resolve, reject) => {
    client.once('open', () => { resolve(); });
    client.once('unexpected-response', (_request, response) => { reject(new Error(String(response.statusCode))); });
  });
  const closed = (client: WebSocket): Promise<{ code: number; reason: string }> => new Promise((resolve) => {
    client.once('close', (code, reason) => { resolve({ code, reason: reason.toString() }); });
  });
  /** Status and body of a refused handshake. */
  const refused = (client: WebSocket): Promise<{ status: number; body: string; headers: IncomingMessage['headers'] }> => new Promise((resolve) => {
    client.once('unexpected-response', (_request, response: IncomingMessage) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body, headers: response.headers }); });
    });
  });
  const message = (client: WebSocket): Promise<Buffer> => new Promise((resolve) => { client.once('message', (data) => { resolve(data as Buffer); }); });

  it('pass both ways as they are and leave one record, with the tokens of all responses', async () => {
    await start();
    const client = open('/v1/realtime?model=gpt-realtime', { headers: { authorization: 'Bearer sk-client' } });
    const first = message(client);
    await opened(client);
    expect(JSON.parse((await first).toString())).to.deep.include({ type: 'session.created' });
    for (const sent of ['hello', 'ä€😀'.repeat(30_000), Buffer.alloc(1_000_000, 7)]) {
      const echo = message(client);
      client.send(sent);
      expect((await echo).equals(Buffer.from(sent))).to.equal(true);
    }
    for (let i = 0; i < 3; i++) {
      const answer = message(client);
      client.send('respond');
      await answer;
    }
    expect(proxy.exchanges).to.have.length(0);
    const end = closed(client);
    client.close(1000, 'thanks');
    expect(await end).to.deep.equal({ code: 1000, reason: 'thanks' });
    const exchange = await proxy.exchange();
    expect(exchange).to.deep.include({
      provider: 'openai', model: 'gpt-realtime', responseModel: 'gpt-realtime-2025-08-28', path: '/v1/realtime', method: 'GET', stream: true,
      statusCode: 101, providerStatusCode: 101, endReason: 'complete', attempts: 1, errorCount: 0, providerErrorCount: 0, finishReason: 'completed',
    });
    expect(exchange.usage).to.deep.include({ inputTokens: 30, outputTokens: 15, totalTokens: 45 });
    expect(exchange.requestSize).to.be.above(1_270_000);
    expect(exchange.responseSize).to.be.above(1_270_000);
    expect(proxy.exchanges).to.have.length(1);
  });

  it('go on over TLS, with a certificate that is checked', async () => {
    const { caFile, certFile, keyFile } = await ensureCertificates();
    const secure = await startRealtime(createHttpsServer({ cert: await readFile(certFile), key: await readFile(keyFile) }));
    const trusted = getCACertificates('default');
    try {
      await start({ env: { OPENAI_BASE_URL: secure.url } });
      expect((await refused(open('/v1/realtime?model=m'))).status).to.equal(502);
      setDefaultCACertificates([...trusted, await readFile(caFile, 'utf8')]);
      const client = open('/v1/realtime?model=m');
      await opened(client);
      const end = closed(client);
      client.send('bye');
      await end;
      await until(() => proxy.exchanges.length === 2);
      expect(proxy.exchanges.map(({ statusCode, errorType }) => [statusCode, errorType])).to.deep.equal([[502, 'upstream_connect'], [101, undefined]]);
    } finally {
      setDefaultCACertificates(trusted);
      await secure.close();
    }
  });

  it('carry the Responses API, too, and count each of its responses once', async () => {
    await start();
    const client = open('/v1/responses');
    await opened(client);
    const response = { id: 'r', model: 'gpt-5-2025-08-07', status: 'in_progress', usage: null };
    const events = [
      { type: 'response.created', response }, { type: 'response.in_progress', response }, { type: 'response.output_text.delta', delta: 'Hi' },
      { type: 'response.completed', response: { ...response, status: 'completed', usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 4 }, output_tokens: 5, total_tokens: 15 } } },
    ];
    for (let i = 0; i < 2; i++) {
      for (const event of events) {
        const echo = message(client);
        client.send(JSON.stringify(event));
        await echo;
      }
    }
    client.close();
    await closed(client);
    const exchange = await proxy.exchange();
    expect(exchange).to.deep.include({ path: '/v1/responses', responseModel: 'gpt-5-2025-08-07', finishReason: 'completed', providerErrorCount: 0 });
    expect(exchange.usage?.parts).to.have.length(2);
    expect(exchange.usage).to.deep.include({ inputTokens: 20, outputTokens: 10, totalTokens: 30, cachedTokens: 8 });
  });

  it('carry the client\'s key and protocol, and nothing that is not the provider\'s', async () => {
    await start();
    const client = open('/openai/v1/realtime?model=m', { headers: { authorization: 'Bearer sk-client', 'x-api-key': 'foreign', cookie: 'a=b', 'x-user-id': 'u', 'openai-beta': 'x=1' } }, ['realtime', 'other']);
    await opened(client);
    expect(client.protocol).to.equal('realtime');
    const { url, headers } = provider.handshakes[0] as IncomingMessage;
    expect(url).to.equal('/v1/realtime?model=m');
    expect(headers).to.include({ authorization: 'Bearer sk-client', 'openai-beta': 'x=1', 'sec-websocket-protocol': 'realtime,other', upgrade: 'websocket', via: '1.1 gateway-test' });
    expect(headers).to.not.have.any.keys('x-api-key', 'cookie', 'x-user-id', 'sec-websocket-extensions');
    client.close();
    await closed(client);
    expect(await proxy.exchange()).to.deep.include({ userId: 'u' });
  });

  it('use the gateway\'s key for who may, and count by client', async () => {
    await start({ env: { OPENAI_API_KEY: 'sk-own' }, settings: { apiKeys: [{ label: 'alice', key: 'key-of-alice' }] } });
    expect(await refused(open('/v1/realtime?model=m'))).to.deep.include({ status: 401 });
    const client = open('/v1/realtime?model=m', { headers: { authorization: 'Bearer key-of-alice' } });
    await opened(client);
    expect(provider.handshakes[0]?.headers.authorization).to.equal('Bearer sk-own');
    client.close();
    await closed(client);
    await until(() => proxy.exchanges.length === 2);
    expect(proxy.exchanges[1]).to.deep.include({ client: 'alice', statusCode: 101 });
  });

  it('are not for strange web pages where the gateway\'s key would be spent', async () => {
    await start({ env: { OPENAI_API_KEY: 'sk-own' } });
    expect(await refused(open('/v1/realtime?model=m', { origin: 'https://evil.example' }))).to.deep.include({ status: 403 });
    expect(await refused(open('/v1/realtime?model=m', { headers: { host: 'evil.example' } }))).to.deep.include({ status: 403 });
    expect(provider.handshakes).to.have.length(0);
    expect(proxy.exchanges.map(({ errorType }) => errorType)).to.deep.equal(['forbidden_origin', 'forbidden_host']);
  });

  it('reach Azure by deployment and Gemini\'s Live API, too', async () => {
    await start();
    const azure = open('/azure-openai/openai/realtime?api-version=2025&deployment=prod', { headers: { 'api-key': 'k' } });
    await opened(azure);
    azure.close();
    await closed(azure);
    const live = open('/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=client-key');
    await opened(live);
    live.close();
    await closed(live);
    await until(() => proxy.exchanges.length === 2);
    expect(proxy.exchanges.map(({ provider: name, model }) => [name, model])).to.deep.equal([['azure-openai', 'prod'], ['gemini', undefined]]);
    expect(provider.handshakes[1]?.url).to.equal('/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=client-key');
    expect(proxy.exchanges[1]?.path).to.not.include('client-key');
  });

  it('are 501 everywhere else, in the dialect\'s shape, with a record', async () => {
    await start();
    for (const [path, name] of [['/v1/chat/completions', 'openai'], ['/v1/messages', 'anthropic'], ['/groq/v1/realtime', 'groq']] as const) {
      proxy.exchanges.length = 0;
      const { status, body } = await refused(open(path));
      expect(status).to.equal(501);
      expect(body).to.include('realtime');
      expect(proxy.exchanges[0]).to.deep.include({ provider: name, statusCode: 501, errorType: 'upgrade_unsupported' });
    }
    expect((await refused(open('/somewhere'))).status).to.equal(404);
  });

  it('hand on the provider\'s refusal, with its own words', async () => {
    await start();
    provider.server.removeAllListeners('upgrade');
    provider.server.on('upgrade', (_request, socket) => {
      const body = '{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}';
      socket.end(`HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nset-cookie: a=b\r\n\r\n${body}`);
    });
    const { status, body, headers } = await refused(open('/v1/realtime?model=m'));
    expect(status).to.equal(401);
    expect(JSON.parse(body)).to.have.nested.property('error.code', 'invalid_api_key');
    expect(headers).to.not.have.property('set-cookie');
    expect(await proxy.exchange()).to.deep.include({ statusCode: 401, providerStatusCode: 401, providerErrorType: 'invalid_api_key', providerErrorCount: 1, errorCount: 1, endReason: 'complete' });
  });

  it('say that the provider cannot be reached', async () => {
    await start({ env: { OPENAI_BASE_URL: 'http://127.0.0.1:1' } });
    expect((await refused(open('/v1/realtime?model=m'))).status).to.equal(502);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 502, errorType: 'upstream_connect', providerErrorCount: 1, errorCount: 1, endReason: 'provider' });
  });

  it('do not wait for a handshake for ever', async () => {
    await start({ settings: { upstreamFirstByteTimeoutMs: 50 } });
    provider.server.removeAllListeners('upgrade');
    const held: Duplex[] = [];
    provider.server.on('upgrade', (_request, socket) => { held.push(socket); });
    expect((await refused(open('/v1/realtime?model=m'))).status).to.equal(504);
    expect(await proxy.exchange()).to.deep.include({ errorType: 'upstream_timeout_first_byte', providerErrorCount: 1 });
    for (const socket of held) socket.destroy();
  });

  it('end in an orderly way when the provider ends', async () => {
    await start();
    const client = open('/v1/realtime?model=m');
    await opened(client);
    const end = closed(client);
    client.send('bye');
    expect(await end).to.deep.equal({ code: 1000, reason: 'done' });
    expect(await proxy.exchange()).to.deep.include({ endReason: 'complete', errorCount: 0 });
  });

  it('break for the client when the provider breaks', async () => {
    await start();
    const client = open('/v1/realtime?model=m');
    await opened(client);
    const end = closed(client);
    // A reset, not an end.
    provider.sockets[0]?.once('message', () => { ((provider.sockets[0] as unknown as { _socket: Socket })._socket).resetAndDestroy(); });
    client.send('x');
    expect((await end).code).to.equal(1006);
    expect(await proxy.exchange()).to.deep.include({ statusCode: 101, endReason: 'provider', errorType: 'upstream_reset', providerErrorCount: 1 });
  });

  it('cancel the provider when the client breaks', async () => {
    await start();
    const client = open('/v1/realtime?model=m');
    await opened(client);
    const gone = new Promise<void>((resolve) => { provider.sockets[0]?.once('close', () => { resolve(); }); });
    (client as unknown as { _socket: Socket })._socket.resetAndDestroy();
    await gone;
    expect(await proxy.exchange()).to.deep.include({ statusCode: 101, endReason: 'client', errorType: 'client_closed', errorCount: 1 });
  });

  it('are ended when the gateway stops', async () => {
    await start();
    const client = open('/v1/realtime?model=m');
    await opened(client);
    const end = closed(client);
    proxy.gateway.sweeper.expireAll('shutting_down');
    await end;
    expect(await proxy.exchange()).to.deep.include({ endReason: 'gateway', errorType: 'shutting_down' });
    expect(proxy.gateway.sweeper.size).to.equal(0);
  });

  it('hold back a sender whose reader is slow', async () => {
    await start();
    const client = open('/v1/realtime?model=m');
    await opened(client);
    const paused = (client as unknown as { _socket: Socket })._socket;
    paused.pause();
    const served = provider.sockets[0] as WebSocket;
    const block = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 64; i++) served.send(block);
    // What the kernel and the gateway's two sockets hold is bounded: most of it stays with the sender.
    await until(() => served.bufferedAmount < 64 * block.length);
    const buffered = served.bufferedAmount;
    expect(buffered).to.be.above(32 * block.length);
    let received = 0;
    const all = new Promise<void>((resolve) => {
      client.on('message', (data) => {
        if ((data as Buffer).length === block.length && ++received === 64) resolve();
      });
    });
    paused.resume();
    await all;
    client.close();
    await closed(client);
    expect((await proxy.exchange()).responseSize).to.be.above(64 * block.length);
  });

  it('leave the record before the client sees the end', async () => {
    const events: string[] = [];
    await start({ onRecord: () => { events.push('record'); }, recordDelayMs: 50 });
    const client = open('/v1/realtime?model=m');
    await opened(client);
    const end = closed(client).then(() => { events.push('end'); });
    client.send('bye');
    await end;
    expect(events).to.deep.equal(['record', 'end']);
  });

  it('that are offers of h2c are requests like any other, bodies and the next request included', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      request.on('end', () => { response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ got: body, upgrade: request.headers.upgrade ?? null })); });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    await start({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } });
    const head = 'POST /v1/moderations HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n';
    const next = 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
    const whole = await rawExchange(proxy.port, `${head}{"a":"one"}${next}`);
    expect(whole.text).to.include('{"got":"{\\"a\\":\\"one\\"}","upgrade":null}').and.include('{"got":"","upgrade":null}');
    // The body after the head, in pieces of its own.
    const text = await new Promise<string>((resolve) => {
      const socket = connect(proxy.port, '127.0.0.1');
      let all = '';
      socket.on('data', (chunk: Buffer) => { all += chunk.toString(); if (all.includes('"upgrade":null}')) socket.destroy(); });
      socket.on('close', () => { resolve(all); });
      socket.write(head);
      setTimeout(() => { socket.write('{"a":"'); setTimeout(() => socket.write('two"}'), 20); }, 20);
    });
    expect(text).to.include('{"got":"{\\"a\\":\\"two\\"}","upgrade":null}');
    server.closeAllConnections();
    server.close();
  });
});
