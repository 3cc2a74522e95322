import { expect } from 'chai';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { HarnessOptions } from '../../support/proxy-harness.js';
import { proxied, rawPost } from '../../support/proxied.js';
import { startUpstream, until } from '../../support/proxy-harness.js';

const TEXT = 'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n';
const DONE = 'data: [DONE]\n\n';
const REFUSAL = '{"error":{"code":400,"message":"Validation error at #/stream_options: Extra inputs are not permitted"}}';
const STREAM = '{"model":"m","stream":true}';
const AZURE = '/openai/deployments/gpt-4o/chat/completions';

function answerStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(TEXT + DONE);
}

// Rules 12 and 14.
describe('the gateway\'s own stream_options', () => {
  const suite = proxied();

  /** A server that refuses the member wherever it is. */
  function strict(refuse: (response: ServerResponse) => void): RequestListener {
    return (_q, response) => {
      const { body } = suite.upstream.requests.at(-1) as (typeof suite.upstream.requests)[number];
      if (body.includes('stream_options')) refuse(response);
      else answerStream(response);
    };
  }

  const refuseWith = (status: number, body: string | Buffer = REFUSAL, headers: Record<string, string> = {}): RequestListener =>
    strict((response) => { response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body); });

  function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(suite.proxy.url + path, {
      method: 'POST', body, headers: { 'content-type': 'application/json', authorization: 'Bearer sk', 'accept-encoding': 'gzip', ...headers },
    });
  }

  const sent = (): string[] => suite.upstream.requests.map(({ body }) => body.toString());

  describe('is not sent', () => {
    const DATA = '{"stream":true,"messages":[],"data_sources":[{"type":"azure_search","parameters":{}}]}';
    const cases: readonly (readonly [string, string, string, boolean, HarnessOptions['env']?])[] = [
      ['to Azure with an old version in another spelling', `${AZURE}?API-Version=2023-05-15`, STREAM, false],
      ['to Azure with data_sources', `${AZURE}?api-version=2024-10-21`, DATA, false],
      ['to Azure with data_sources and a new preview', `${AZURE}?api-version=2025-01-01-preview`, DATA, false],
      ...['2023-05-15', '2024-02-01', '2024-06-01', '2024-08-01-preview'].map((version) =>
        [`to Azure with api-version ${version}`, `${AZURE}?x=1&api-version=${version}`, STREAM, false] as const),
      ...['2024-09-01-preview', '2024-10-21', '2024-10-01-preview', '2025-01-01-preview', 'preview', 'latest'].map((version) =>
        [`to Azure with api-version ${version}`, `${AZURE}?api-version=${version}`, STREAM, true] as const),
      ['to Azure without a version', '/azure-openai/v1/chat/completions', STREAM, true],
      ['to another provider with data_sources', '/v1/chat/completions', DATA, true],
      ['to a provider whose variable says so', '/v1/chat/completions', STREAM, false, { OPENAI_STREAM_USAGE: 'false' }],
      ['to one with a hyphen in its name', `${AZURE}?api-version=2024-10-21`, STREAM, false, { AZURE_OPENAI_STREAM_USAGE: 'off' }],
    ];
    for (const [what, path, body, asked, env] of cases) {
      it(`${what}: ${asked ? 'but here it is' : 'the body goes as it came'}`, async () => {
        await suite.start((_q, response) => { answerStream(response); }, env === undefined ? {} : { env });
        expect((await post(path, body)).status).to.equal(200);
        expect(sent()[0]?.includes('include_usage')).to.equal(asked);
        if (!asked) expect(sent()).to.deep.equal([body]);
      });
    }
  });

  for (const [what, stream, variable, asked] of [
    ['false', false, undefined, false], ['true', true, undefined, true], ['absent', undefined, undefined, true],
    ['false, but its variable true', false, 'true', true], ['true, but its variable false', true, 'false', false],
  ] as const) {
    it(`is ${asked ? '' : 'not '}sent to a provider of one's own whose stream_usage is ${what}`, async () => {
      const lab = await startUpstream((_q, response) => { answerStream(response); });
      const entry = { name: 'lab', baseUrl: lab.url, dialect: 'openai-chat', ...(stream === undefined ? {} : { stream_usage: stream }) };
      await suite.start(() => undefined, {
        env: { CUSTOM_PROVIDERS: JSON.stringify([entry]), ...(variable === undefined ? {} : { LAB_STREAM_USAGE: variable }) },
      });
      expect((await post('/lab/v1/chat/completions', STREAM)).status).to.equal(200);
      expect(lab.requests[0]?.body.includes('include_usage')).to.equal(asked);
      await lab.close();
    });
  }

  for (const [what, listener] of [
    ['400', refuseWith(400)],
    ['422', refuseWith(422, '{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"msg":"Extra inputs are not permitted"}]}')],
    ['400 in gzip, although it was not asked for', refuseWith(400, gzipSync(REFUSAL), { 'content-encoding': 'gzip' })],
    ['400 in brotli', refuseWith(400, brotliCompressSync(REFUSAL), { 'content-encoding': 'br' })],
    ['400 that names what stands in it', refuseWith(400, '{"error":{"message":"Unrecognized request argument supplied: include_usage"}}')],
    ['400 in another spelling', refuseWith(400, '{"message":"streamOptions is not allowed"}')],
    ['400 as text', refuseWith(400, 'unknown field "stream_options"', { 'content-type': 'text/plain' })],
    ['400 that comes in pieces', strict((response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      for (const byte of REFUSAL) response.write(byte);
      response.end();
    })],
  ] as const) {
    it(`that is refused with ${what}: the client's own body goes once more`, async () => {
      await suite.start(listener);
      const response = await post('/v1/chat/completions', STREAM);
      expect([response.status, await response.text()]).to.deep.equal([200, TEXT + DONE]);
      expect(sent()).to.deep.equal([`{"stream_options":{"include_usage":true},${STREAM.slice(1)}`, STREAM]);
      expect(suite.upstream.requests.map(({ request }) => request.headers['accept-encoding'])).to.deep.equal(['identity', 'gzip']);
      expect(await suite.proxy.exchange()).to.deep.include({
        statusCode: 200, providerStatusCode: 200, attempts: 2, providerErrorCount: 1, errorCount: 1, errorType: undefined, endReason: 'complete',
        requestSize: STREAM.length, stream: true, model: 'm',
      });
    });
  }

  for (const [what, body] of [
    ['null', '{"stream":true,"stream_options":null,"model":"m"}'],
    ['false', '{"stream":true,"stream_options":{"include_usage":false},"model":"m"}'],
    ['an object of its own', '{"stream":true,"model":"m","stream_options":{"include_obfuscation":false}}'],
  ] as const) {
    it(`is undone byte for byte where the client sent ${what}`, async () => {
      await suite.start((_q, response) => {
        const { body: got } = suite.upstream.requests.at(-1) as (typeof suite.upstream.requests)[number];
        if (got.includes('"include_usage":true')) response.writeHead(422, { 'content-type': 'application/json' }).end(REFUSAL);
        else answerStream(response);
      });
      expect((await post('/v1/chat/completions', body)).status).to.equal(200);
      expect(sent()[1]).to.equal(body);
    });
  }

  it('is remembered to be refused, for that address and model only', async () => {
    await suite.start(refuseWith(400));
    for (const body of [STREAM, STREAM, '{"model":"other","stream":true}']) {
      expect((await post('/v1/chat/completions', body)).status).to.equal(200);
    }
    expect((await post('/v1/completions', STREAM)).status).to.equal(200);
    expect(suite.proxy.exchanges.map(({ attempts }) => attempts)).to.deep.equal([2, 1, 2, 2]);
  });

  it('is not remembered where the untouched body fares no better', async () => {
    await suite.start((_q, response) => { response.writeHead(400, { 'content-type': 'application/json' }).end(REFUSAL); });
    for (let i = 0; i < 2; i++) {
      const response = await post('/v1/chat/completions', STREAM);
      expect([response.status, await response.text()]).to.deep.equal([400, REFUSAL]);
    }
    expect(suite.proxy.exchanges.map(({ attempts, providerErrorCount }) => [attempts, providerErrorCount])).to.deep.equal([[2, 2], [2, 2]]);
    expect(sent().map((body) => body.includes('stream_options'))).to.deep.equal([true, false, true, false]);
  });

  for (const [what, body, status, answer] of [
    ['the client sent it itself', '{"stream":true,"stream_options":{"include_usage":true}}', 400, REFUSAL],
    ['no stream was asked for', '{"model":"m"}', 400, REFUSAL],
    ['the answer names another member', STREAM, 400, '{"error":{"message":"temperature is too high"}}'],
    ['the status is another one', STREAM, 500, REFUSAL],
    ['the status is 401', STREAM, 401, REFUSAL],
    ['the answer is long', STREAM, 400, `{"pad":"${'x'.repeat(200_000)}","error":"stream_options"}`],
    ['the answer is empty', STREAM, 422, ''],
  ] as const) {
    it(`causes no second try where ${what}; the answer goes as it came`, async () => {
      await suite.start((_q, response) => { response.writeHead(status, { 'content-type': 'application/json', 'x-odd': 'kept' }).end(answer); });
      const response = await post('/v1/chat/completions', body);
      expect([response.status, response.headers.get('x-odd'), await response.text()]).to.deep.equal([status, 'kept', answer]);
      expect(await suite.proxy.exchange()).to.deep.include({ attempts: 1, providerErrorCount: 1, statusCode: status, responseSize: answer.length });
      expect(suite.upstream.requests).to.have.length(1);
    });
  }

  it('causes no second try where the refusal breaks off, or the client has left meanwhile', async () => {
    let open: ServerResponse | undefined;
    await suite.start((_q, response) => {
      response.writeHead(400, { 'content-type': 'application/json', 'content-length': REFUSAL.length }).write(REFUSAL.slice(0, -1));
      open = response;
    });
    const broken = post('/v1/chat/completions', STREAM);
    await until(() => open !== undefined);
    open?.destroy();
    expect((await broken).status).to.equal(502);
    expect(await suite.proxy.exchange()).to.deep.include({ attempts: 1, errorType: 'upstream_reset' });

    const before: unknown = open;
    const socket = connect(suite.proxy.port, '127.0.0.1');
    socket.write(rawPost('/v1/chat/completions', STREAM));
    await until(() => open !== before);
    socket.destroy();
    await until(() => suite.proxy.exchanges.length === 2);
    open?.end(REFUSAL.slice(-1));
    await until(() => suite.proxy.gateway.sweeper.size === 0);
    expect(suite.proxy.exchanges[1]).to.deep.include({ attempts: 1, statusCode: 499, errorType: 'client_closed' });
    expect(suite.upstream.requests).to.have.length(2);
  });

  it('falls silent with the time-out of an answer while a refusal is awaited', async () => {
    await suite.start((_q, response) => { response.writeHead(400, { 'content-type': 'application/json' }).write('{'); }, { settings: { upstreamIdleTimeoutMs: 60 } });
    expect((await post('/v1/chat/completions', STREAM)).status).to.equal(504);
    expect(await suite.proxy.exchange()).to.deep.include({ attempts: 1, errorType: 'upstream_timeout_idle', providerErrorCount: 1 });
  });

  it('is refused as a setting that is neither true nor false', async () => {
    let failure: unknown;
    await suite.start(() => undefined, { env: { OPENAI_STREAM_USAGE: 'perhaps' } }).catch((error: unknown) => { failure = error; });
    expect(failure).to.have.property('message', 'OPENAI_STREAM_USAGE=perhaps: must be true or false');
  });
});
