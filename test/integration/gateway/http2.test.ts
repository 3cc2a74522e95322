import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type IncomingHttpStatusHeader, type OutgoingHttpHeaders } from 'node:http2';
import { expect } from 'chai';
import { proxied } from '../../support/proxied.js';
import { until } from '../../support/proxy-harness.js';

interface Answer {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: string;
  readonly error: string | undefined;
}

const json = { 'content-type': 'application/json' };
const ANSWER = JSON.stringify({ model: 'gpt-4o', choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });

describe('HTTP/2 without TLS', () => {
  const suite = proxied();
  let session: ClientHttp2Session | undefined;
  afterEach(() => { session?.destroy(); });

  function open(): ClientHttp2Session {
    session = connect(suite.proxy.url);
    session.on('error', () => undefined);
    return session;
  }

  function ask(client: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Buffer | string): Promise<Answer> {
    return new Promise((resolve) => {
      const stream = client.request(headers, { endStream: body === undefined });
      let answered: Answer['headers'] = {};
      let text = '';
      let error: string | undefined;
      stream.setEncoding('utf8');
      stream.on('response', (received) => { answered = received; });
      stream.on('data', (part: string) => { text += part; });
      stream.on('error', (cause: Error) => { error = cause.message; });
      stream.on('close', () => { resolve({ headers: answered, body: text, error }); });
      if (body !== undefined) stream.end(body);
    });
  }

  const chat = { ':method': 'POST', ':path': '/v1/chat/completions', ...json, authorization: 'Bearer sk-client' };

  it('carries requests and answers, many at once, each with its record', async () => {
    await suite.start((request, response) => { response.writeHead(200, { ...json, 'x-request-id': 'r', 'x-two': ['a', 'b'] }).end(request.method === 'POST' ? ANSWER : '{}'); });
    const client = open();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(client, chat, JSON.stringify({ model: 'gpt-4o', messages: [] }))));
    for (const { headers, body, error } of answers) {
      expect({ status: headers[':status'], body, error }).to.deep.equal({ status: 200, body: ANSWER, error: undefined });
      expect(headers).to.include({ 'x-request-id': 'r', 'x-two': 'a, b' }).and.have.property('x-gateway-request-id');
      expect(headers).to.not.have.any.keys('connection', 'transfer-encoding', 'keep-alive');
    }
    expect(suite.proxy.exchanges).to.have.length(20);
    expect(suite.proxy.exchanges[0]).to.deep.include({ provider: 'openai', model: 'gpt-4o', method: 'POST', path: '/v1/chat/completions', statusCode: 200, endReason: 'complete' });
    expect(suite.upstream.requests[0]?.request.headers).to.include({ authorization: 'Bearer sk-client', 'content-type': 'application/json' });
    expect((await ask(client, { ':path': '/v1/models' })).body).to.equal('{}');
    expect((await ask(client, { ':path': '/health' })).headers[':status']).to.equal(200);
    expect((await ask(client, { ':method': 'HEAD', ':path': '/v1/models' })).body).to.equal('');
  });

  it('streams both ways without holding all of it', async () => {
    await suite.start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[{"delta":{"content":"a"}}]}\n\n');
      release.then(() => { response.end('data: [DONE]\n\n'); }, () => undefined);
    });
    let go = (): void => undefined;
    const release = new Promise<void>((resolve) => { go = resolve; });
    const stream = open().request(chat);
    stream.setEncoding('utf8');
    let text = '';
    stream.on('data', (part: string) => { text += part; });
    stream.end(JSON.stringify({ model: 'm', stream: true, pad: 'x'.repeat(5_000_000) }));
    await until(() => text.includes('"a"'));
    expect(text).to.not.include('[DONE]');
    go();
    await new Promise((resolve) => { stream.on('close', resolve); });
    expect(text).to.include('[DONE]');
    expect((await suite.proxy.exchange()).requestSize).to.be.above(5_000_000);
  });

  it('does not make a broken answer look complete', async () => {
    await suite.start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[]}\n\n', () => { response.socket?.destroy(); });
    });
    const { headers, error } = await ask(open(), chat, '{"model":"m","stream":true}');
    expect(headers[':status']).to.equal(200);
    expect(error).to.be.a('string');
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'provider', errorType: 'upstream_reset' });
  });

  it('cancels the provider when the stream is cancelled', async () => {
    let cancelled = false;
    await suite.start((_request, response) => {
      response.on('close', () => { cancelled = true; });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[]}\n\n');
    });
    const stream = open().request(chat);
    stream.on('error', () => undefined);
    stream.once('data', () => { stream.close(8); }); // CANCEL
    stream.end('{"model":"m","stream":true}');
    await until(() => cancelled);
    expect(await suite.proxy.exchange()).to.deep.include({ endReason: 'client', errorType: 'client_closed' });
  });

  it('is guarded like any other way in', async () => {
    await suite.start((_request, response) => { response.end('{}'); }, { env: { OPENAI_API_KEY: 'sk-own' } });
    const client = open();
    expect((await ask(client, { ':method': 'POST', ':path': '/v1/moderations', ':authority': 'evil.example', ...json }, '{}')).headers[':status']).to.equal(403);
    expect((await ask(client, { ':path': '/v1/../secret' })).headers[':status']).to.equal(400);
    expect((await ask(client, { ':path': '/nowhere' })).headers[':status']).to.equal(404);
    expect(suite.upstream.requests).to.have.length(0);
    expect((await ask(client, { ':path': '/v1/models' })).headers[':status']).to.equal(200);
    expect(suite.upstream.requests[0]?.request.headers.authorization).to.equal('Bearer sk-own');
  });

  it('lets running streams finish when the gateway closes', async () => {
    let finish = (): void => undefined;
    await suite.start((_request, response) => { finish = () => { response.end('{"done":true}'); }; });
    const client = open();
    const answer = ask(client, { ':path': '/v1/models' });
    await until(() => suite.upstream.requests.length === 1);
    const ended = new Promise<void>((resolve) => { client.on('close', () => { resolve(); }); });
    const closing = suite.proxy.app.close();
    finish();
    expect((await answer).body).to.equal('{"done":true}');
    await ended;
    await closing;
  });
});
