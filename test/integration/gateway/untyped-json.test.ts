import { expect } from 'chai';
import { proxied } from '../../support/proxied.js';
import { rawExchange } from '../../support/proxy-harness.js';

const STREAM = 'data: {"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}\n\ndata: [DONE]\n\n';

// `curl -d` says form, many a script says nothing.
describe('JSON that its content type does not announce', () => {
  const suite = proxied();

  function post(path: string, type: string | undefined, body: string, framing: 'length' | 'chunks' = 'length'): Promise<{ text: string }> {
    const typed = type === undefined ? '' : `content-type: ${type}\r\n`;
    const framed = framing === 'length' ? `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
      : `transfer-encoding: chunked\r\n\r\n${[...Buffer.from(body).entries()].map(([i]) => `1\r\n${Buffer.from(body).toString('latin1', i, i + 1)}\r\n`).join('')}0\r\n\r\n`;
    return rawExchange(suite.proxy.port, `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${typed}${framed}`);
  }

  for (const type of ['application/x-www-form-urlencoded', 'text/plain;charset=UTF-8', 'text/json', '', undefined]) {
    for (const framing of ['length', 'chunks'] as const) {
      it(`${type ?? 'no type'}, in one with ${framing}: model, stream and usage are as with a type`, async () => {
        await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(STREAM); });
        await post('/v1/chat/completions', type, ' \r\n\t{"model":"m","stream":true}', framing);
        expect(suite.upstream.requests[0]?.body.toString()).to.equal(' \r\n\t{"stream_options":{"include_usage":true},"model":"m","stream":true}');
        const exchange = await suite.proxy.exchange();
        expect(exchange).to.deep.include({ model: 'm', stream: true, statusCode: 200 });
        expect(exchange.usage).to.deep.include({ inputTokens: 5, outputTokens: 2 });
      });
    }
  }

  it('says of Ollama\'s call that it asks for no stream', async () => {
    await suite.start((_q, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"model":"llama3.2","done":true}'); });
    const body = '\ufeff{"model":"llama3.2","messages":[],"stream":false}';
    await post('/ollama/api/chat', 'application/x-www-form-urlencoded', body);
    expect(suite.upstream.requests[0]?.body.toString()).to.equal(body);
    expect(suite.upstream.requests[0]?.request.headers['content-type']).to.equal('application/x-www-form-urlencoded');
    expect(await suite.proxy.exchange()).to.deep.include({ model: 'llama3.2', stream: false });
  });

  for (const [what, type, body] of [
    ['a form', 'application/x-www-form-urlencoded', 'model=m&stream=true'],
    ['text', 'text/plain', 'hello'],
    ['a list', undefined, '[{"model":"m"}]'],
    ['white space', 'text/plain', '   '],
    ['much white space', 'text/plain', ' '.repeat(5_000)],
    ['bytes', 'application/octet-stream', 'RIFF{"model":"m","stream":true}'],
    ['lines of JSON', 'application/x-ndjson', '{"model":"m","stream":true}\n{}'],
    ['broken JSON', undefined, '{"model":'],
  ] as const) {
    for (const framing of ['length', 'chunks'] as const) {
      it(`leaves ${what} alone (${framing})`, async () => {
        await suite.start((_q, response) => { response.end('{}'); });
        expect((await post('/v1/chat/completions', type, body, framing)).text).to.match(/^HTTP\/1\.1 200/);
        expect(suite.upstream.requests[0]?.body.toString()).to.equal(body);
        expect(await suite.proxy.exchange()).to.deep.include({ model: undefined, requestSize: body.length });
      });
    }
  }

  it('is read under a binary type where its length is known', async () => {
    const body = '{"model":"m"}';
    await suite.start((_q, response) => { response.end('{}'); });
    await post('/v1/chat/completions', 'application/octet-stream', body);
    await post('/v1/chat/completions', 'application/octet-stream', body, 'chunks');
    expect(suite.upstream.requests.map((request) => request.body.toString())).to.deep.equal([body, body]);
    expect(suite.proxy.exchanges.map(({ model }) => model)).to.deep.equal(['m', undefined]);
  });

  it('lets what is longer than a JSON body may be stream through', async () => {
    await suite.start((_q, response) => { response.end('{}'); }, { settings: { maxBodyBytes: 1_000 } });
    const body = `{"model":"m","pad":"${'x'.repeat(5_000)}"}`;
    expect((await post('/v1/files', 'text/plain', body)).text).to.match(/^HTTP\/1\.1 200/);
    expect(suite.upstream.requests[0]?.body.length).to.equal(body.length);
  });

  it('records a client that leaves before the first byte', async () => {
    await suite.start(() => undefined, { clientIdleMs: 60 });
    const { text } = await rawExchange(suite.proxy.port, 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n');
    expect(text).to.match(/^HTTP\/1\.1 408/);
    expect(await suite.proxy.exchange()).to.deep.include({ errorType: 'request_timeout', attempts: 0 });
  });
});
