import { expect } from 'chai';
import type { IncomingHttpHeaders } from 'node:http';
import { proxied } from '../../support/proxied.js';
import { rawExchange } from '../../support/proxy-harness.js';

const LOCKED = { apiKeys: [{ label: 'team-a', key: 'gw-secret-a' }, { label: 'team-b', key: 'gw-secret-b' }] };
const CREDENTIALS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'x-gateway-api-key'] as const;

// Rules 5, 6 and 9.
describe('keys', () => {
  const suite = proxied();
  const open = (env: Record<string, string> = {}): ReturnType<typeof suite.start> => suite.start((_q, response) => response.end('{}'), { env });
  const locked = (env: Record<string, string> = {}): ReturnType<typeof suite.start> =>
    suite.start((_q, response) => response.end('{}'), { env, settings: LOCKED });

  async function send(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string; arrived: Record<string, unknown>; url: string | undefined }> {
    const response = await fetch(suite.proxy.url + path, { headers });
    const { request } = suite.upstream.requests.at(-1) ?? {};
    const came: IncomingHttpHeaders = request?.headers ?? {};
    const arrived = Object.fromEntries(CREDENTIALS.flatMap((name) => (came[name] === undefined ? [] : [[name, came[name]]])));
    return { status: response.status, body: await response.text(), arrived, url: request?.url };
  }

  for (const [path, variable, style, sent] of [
    ['/openai/v1/models', 'OPENAI_API_KEY', 'authorization', 'Bearer sk-ours'],
    ['/v1/messages', 'ANTHROPIC_API_KEY', 'x-api-key', 'sk-ours'],
    ['/v1beta/models/g:generateContent', 'GEMINI_API_KEY', 'x-goog-api-key', 'sk-ours'],
    ['/gemini/v1/chat/completions', 'GEMINI_API_KEY', 'authorization', 'Bearer sk-ours'],
    ['/anthropic/v1/chat/completions', 'ANTHROPIC_API_KEY', 'authorization', 'Bearer sk-ours'],
    ['/openai/deployments/d/chat/completions', 'AZURE_OPENAI_API_KEY', 'api-key', 'sk-ours'],
    ['/model/m/converse', 'AWS_BEARER_TOKEN_BEDROCK', 'authorization', 'Bearer sk-ours'],
    ['/groq/v1/models', 'GROQ_API_KEY', 'authorization', 'Bearer sk-ours'],
  ] as const) {
    describe(`for ${path}`, () => {
      for (const [what, headers] of [
        ['no key at all', {}],
        ['the word gateway', { authorization: 'Bearer gateway' }],
        ['the word gateway in the SDK\'s place', { [style]: style === 'authorization' ? 'bearer gateway' : 'gateway' }],
        ['an empty key', { [style]: style === 'authorization' ? 'Bearer ' : '' }],
      ] as const) {
        it(`${what} on loopback uses the gateway's, in the provider's place alone`, async () => {
          await open({ [variable]: 'sk-ours' });
          expect((await send(path, headers)).arrived).to.deep.equal({ [style]: sent });
        });
      }
      it('a gateway key in any place is taken out and replaced', async () => {
        await locked({ [variable]: 'sk-ours' });
        for (const place of CREDENTIALS) {
          const { status, arrived } = await send(path, { [place]: place === 'authorization' ? 'Bearer gw-secret-b' : 'gw-secret-b' });
          expect([status, arrived], place).to.deep.equal([200, { [style]: sent }]);
        }
        const { url, arrived } = await send(`${path}?a=1&key=gw-secret-b&b=2`);
        expect([url?.split('?')[1], arrived]).to.deep.equal(['a=1&b=2', { [style]: sent }]);
        expect(suite.proxy.exchanges.map(({ client }) => client)).to.deep.equal(Array(6).fill('team-b'));
        expect(JSON.stringify(suite.proxy.exchanges)).to.not.match(/gw-secret|sk-ours/);
      });
    });
  }

  it('the client\'s own key passes through, the gateway\'s stays home', async () => {
    await open({ OPENAI_API_KEY: 'sk-ours', ANTHROPIC_API_KEY: 'sk-ours' });
    expect((await send('/v1/models', { authorization: 'Bearer sk-theirs' })).arrived).to.deep.equal({ authorization: 'Bearer sk-theirs' });
    expect((await send('/v1/messages', { authorization: 'Bearer oauth-theirs' })).arrived).to.deep.equal({ authorization: 'Bearer oauth-theirs' });
    expect((await send('/v1beta/models/g:generateContent?key=theirs')).url).to.match(/\?key=theirs$/);
  });

  it('credentials of other providers, cookies and AWS headers do not go upstream', async () => {
    await open();
    await send('/v1/models?key=other', {
      'authorization': 'Bearer sk-theirs', 'x-api-key': 'a', 'api-key': 'b', 'x-goog-api-key': 'c', 'cookie': 's=1', 'x-amz-security-token': 't',
      'x-aws-region': 'us-east-1', 'proxy-authorization': 'Basic x', 'x-provider': 'openai',
    });
    const { request } = suite.upstream.requests[0] ?? {};
    expect(request?.url).to.equal('/v1/models');
    expect(request?.headers).to.include({ authorization: 'Bearer sk-theirs' })
      .and.not.have.any.keys('x-api-key', 'api-key', 'x-goog-api-key', 'cookie', 'x-amz-security-token', 'x-aws-region', 'proxy-authorization', 'x-provider');
  });

  it('a gateway key in two places reaches the provider from neither', async () => {
    await locked({ OPENAI_API_KEY: 'sk-ours' });
    const { arrived } = await send('/v1/models', { 'x-gateway-api-key': 'gw-secret-a', authorization: 'Bearer gw-secret-a' });
    expect(arrived).to.deep.equal({ authorization: 'Bearer sk-ours' });
  });

  it('a gateway key in the path reaches neither the provider nor a record', async () => {
    await locked({ OPENAI_API_KEY: 'sk-ours' });
    const key = 'team-key-0123456789';
    suite.proxy.gateway.replaceKeys([{ label: 'team', key }]);
    for (const path of [`/v1/files/${key}`, `/${key}/v1/models`, `/nowhere/${key}`, `/v1beta/models/${key}:generateContent`]) {
      const response = await fetch(suite.proxy.url + path, { headers: { 'x-gateway-api-key': key } });
      expect([response.status, await response.text()].join(), path).to.match(/^400.*the path holds a gateway key/).and.not.include(key);
    }
    expect([...suite.upstream.requests, ...suite.proxy.exchanges]).to.deep.equal([]);
  });

  it('of two Authorization headers neither hides the other', async () => {
    await locked({ OPENAI_API_KEY: 'sk-ours' });
    const two = await rawExchange(suite.proxy.port, 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer gw-secret-a\r\nauthorization: Bearer sk-x\r\n\r\n');
    expect(two.text).to.match(/^HTTP\/1\.1 200/);
    expect(suite.upstream.requests[0]?.request.headersDistinct['authorization']).to.deep.equal(['Bearer sk-ours']);
    const other = await rawExchange(suite.proxy.port, 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer sk-x\r\nauthorization: Bearer gw-secret-a\r\n\r\n');
    expect(other.text).to.match(/^HTTP\/1\.1 401/);
  });

  it('a locked gateway answers 401 in the dialect\'s shape, on every route but /health and /ready', async () => {
    await locked({ OPENAI_API_KEY: 'sk-ours' });
    const openai = await send('/v1/models', { authorization: 'Bearer gw-secret-wrong' });
    expect(openai.status).to.equal(401);
    expect(JSON.parse(openai.body)).to.have.nested.property('error.code', 'unauthorized');
    const anthropic = await send('/v1/messages', { 'x-api-key': 'gateway' });
    expect([anthropic.status, (JSON.parse(anthropic.body) as { type: unknown }).type]).to.deep.equal([401, 'error']);
    for (const path of ['/', '/favicon.ico', '/health/', '/v1/chat/completions', '/nope/v1/x']) expect((await send(path)).status, path).to.equal(401);
    for (const path of ['/health', '/ready']) expect((await send(path)).status, path).to.equal(200);
    expect((await send('/', { 'x-gateway-api-key': 'gw-secret-a' })).status).to.equal(200);
    expect((await send('/nope', { 'x-gateway-api-key': 'gw-secret-a' })).status).to.equal(404);
    expect(suite.upstream.requests).to.have.length(0);
    expect(openai.body + anthropic.body + JSON.stringify(suite.proxy.exchanges)).to.not.include('gw-secret');
  });

  it('a gateway key for a provider whose key the gateway lacks is a 401 that names the variable', async () => {
    await locked();
    const { status, body } = await send('/groq/v1/models', { 'x-gateway-api-key': 'gw-secret-a' });
    expect(status).to.equal(401);
    expect(body).to.include('GROQ_API_KEY');
    expect(await suite.proxy.exchange()).to.deep.include({ client: 'team-a', provider: 'groq', errorType: 'unauthorized', statusCode: 401 });
  });

  it('what a key was used for is recorded under its label, also where the provider is unknown', async () => {
    await locked();
    expect((await send('/v1/models', { 'x-gateway-api-key': 'gw-secret-b', 'x-provider': 'nobody' })).status).to.equal(400);
    expect(await suite.proxy.exchange()).to.deep.include({ client: 'team-b', provider: 'unknown', errorType: 'unknown_provider' });
  });

  it('a refused request without a gateway key leaves no text of its own but the begin of its path, and only so many leave any', async () => {
    await locked();
    const noise = 'n'.repeat(1_000);
    const headers = { 'x-user-id': noise, 'x-project-id': noise, 'x-organization-id': noise, 'x-experiment-id': noise };
    for (let i = 0; i < 70; i++) expect((await send(`/v1/models/${noise}`, headers)).status).to.equal(401);
    expect(suite.proxy.exchanges).to.have.length(60);
    expect(suite.proxy.gateway.unrecordedRefusals).to.equal(10);
    for (const exchange of suite.proxy.exchanges) expect(JSON.stringify(exchange).length).to.be.below(1_000);
    expect(suite.proxy.exchanges[0]).to.deep.include({ errorType: 'unauthorized', userId: undefined, model: undefined, path: `/v1/models/${noise}`.slice(0, 128) });
    // A target that is no path is refused for itself; it fills the log as little.
    await rawExchange(suite.proxy.port, `GET /v1//${noise} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    expect(suite.proxy.exchanges).to.have.length(60);
  });

  it('with keys of the caller\'s own on an unlocked gateway nothing is held back from the log', async () => {
    await suite.start((_q, response) => response.end('{}'), { allowOpen: false });
    await send('/v1/models', { 'authorization': 'Bearer sk-theirs', 'x-user-id': 'u' });
    expect(await suite.proxy.exchange()).to.deep.include({ statusCode: 200, userId: 'u' });
  });

  it('no secret of a request enters its record, whatever place it stands in', async () => {
    await open({ OPENAI_API_KEY: 'sk-ours-s3cret' });
    await send('/v1/models?key=s3cret&api_key=s3cret', { authorization: 'Bearer s3cret', cookie: 's3cret', 'x-api-key': 's3cret' });
    await rawExchange(suite.proxy.port, 'GET http://user:s3cret@host/v1/models HTTP/1.1\r\nhost: localhost\r\nx-provider: openai\r\nconnection: close\r\n\r\n');
    await rawExchange(suite.proxy.port, 'GET /v1/x#s3cret?key=s3cret HTTP/1.1\r\nhost: localhost\r\nx-provider: openai\r\nconnection: close\r\n\r\n');
    expect(suite.proxy.exchanges).to.have.length(3);
    expect(JSON.stringify(suite.proxy.exchanges)).to.not.include('s3cret');
  });
});
