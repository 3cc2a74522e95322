import { expect } from 'chai';
import { ADMIN_TOKEN } from '../../support/admin-token.js';
import { proxied } from '../../support/proxied.js';
import { rawExchange, type HarnessOptions } from '../../support/proxy-harness.js';

const LOCAL = { label: 'local', key: 'gw_1234567890' };
const HELD = {
  OPENAI_API_KEY: 'sk-ours', ANTHROPIC_API_KEY: 'sk-ours', GEMINI_API_KEY: 'sk-ours', AZURE_OPENAI_API_KEY: 'sk-ours', AWS_ACCESS_KEY_ID: 'sk-ours', AWS_SECRET_ACCESS_KEY: 's',
  CUSTOM_PROVIDERS: '[{"name":"lab","baseUrl":"http://127.0.0.1:1","dialect":"openai-chat"},{"name":"strict","baseUrl":"http://127.0.0.1:1","dialect":"openai-chat","auth":"bearer"}]',
};

/** One request of each shape of error. */
const PATHS: readonly (readonly [path: string, read: (body: { error?: { message?: string }; message?: string }) => string | undefined])[] = [
  ['/v1/chat/completions', (body) => body.error?.message],
  ['/v1/messages', (body) => body.error?.message],
  ['/v1beta/models/g:generateContent', (body) => body.error?.message],
  ['/openai/deployments/d/chat/completions', (body) => body.error?.message],
  ['/model/m/converse', (body) => body.message],
  ['/ollama/api/chat', (body) => (body.error as unknown as string)],
  ['/vllm/v1/chat/completions', (body) => body.error?.message],
  ['/lab/v1/chat/completions', (body) => body.error?.message],
];

// Rules 5 and 7: a reverse proxy on the same host makes every stranger a caller from loopback.
describe('what the operator pays for', () => {
  const suite = proxied();
  const start = (options: HarnessOptions = {}): ReturnType<typeof suite.start> =>
    suite.start((_q, response) => response.end('{}'), { allowOpen: false, localKey: LOCAL, ...options, env: { ...HELD, ...options.env } });
  async function post(path: string, headers: Record<string, string> = {}): Promise<{ status: number; error: string | undefined; body: Record<string, never> }> {
    const response = await fetch(suite.proxy.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{"model":"m"}' });
    return { status: response.status, error: response.headers.get('x-gateway-error') ?? undefined, body: await response.json() as Record<string, never> };
  }

  for (const [path, message] of PATHS) {
    it(`${path}: 401 without a gateway key, with words that say what to do; nothing is sent`, async () => {
      await start();
      const place = path.startsWith('/ollama') || path.startsWith('/vllm') || path.startsWith('/lab') ? [{ authorization: 'Bearer junk' }, { authorization: 'Basic eDp5' }] : [];
      for (const headers of [{}, { authorization: 'Bearer gateway' }, { 'x-api-key': 'gateway' }, { authorization: 'Bearer gw_old' }, { 'x-gateway-api-key': 'gw_old' }, ...place] as Record<string, string>[]) {
        const { status, error, body } = await post(path, headers);
        expect([status, error], JSON.stringify(headers)).to.deep.equal([401, 'unauthorized']);
        expect(message(body), JSON.stringify(headers)).to.match(/gateway keys local|gateway key|--allow-open/);
      }
      expect(suite.upstream.requests).to.have.length(0);
    });
    it(`${path}: served with the local key`, async () => {
      await start();
      const lab = path.startsWith('/lab'); // nobody listens there: what counts is that it was tried
      const { status } = await post(path, { 'x-gateway-api-key': LOCAL.key });
      expect(status).to.equal(lab ? 502 : 200);
      expect((await suite.proxy.exchange()).client).to.equal('local');
      expect(JSON.stringify(suite.upstream.requests.map(({ request }) => request.rawHeaders))).to.not.include(LOCAL.key);
    });
  }

  it('is not lent to what nginx passes on as it comes: HTTP/1.0, Host of the upstream, no header that says so', async () => {
    await start();
    for (const extra of ['', 'X-Real-IP: 203.0.113.9\r\n', 'Origin: http://evil.example\r\n']) {
      const { text } = await rawExchange(suite.proxy.port, 'POST /v1/chat/completions HTTP/1.0\r\nHost: 127.0.0.1:3000\r\nConnection: close\r\nContent-Length: 13\r\n'
        + `${extra}content-type: application/json\r\n\r\n{"model":"m"}`);
      expect(text).to.match(/^HTTP\/1\.1 401/);
    }
    expect(suite.upstream.requests).to.have.length(0);
  });

  it('leaves alone who has a provider key of its own', async () => {
    await start();
    expect((await post('/v1/chat/completions', { authorization: 'Bearer sk-theirs' })).status).to.equal(200);
    expect((await post('/strict/v1/chat/completions', { authorization: 'Bearer sk-theirs' })).status).to.equal(502);
    expect(suite.upstream.requests[0]?.request.headers.authorization).to.equal('Bearer sk-theirs');
  });

  it('is guarded on WebSocket connections, too', async () => {
    await start();
    const socket = 'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n';
    for (const [path, extra] of [['/v1/realtime?model=x', ''], ['/vllm/v1/realtime?model=x', 'authorization: Bearer junk\r\n'], ['/v1/realtime?model=x', 'authorization: Bearer gateway\r\n']]) {
      const { text } = await rawExchange(suite.proxy.port, `GET ${path ?? ''} HTTP/1.1\r\nhost: localhost\r\n${socket}${extra ?? ''}\r\n`);
      expect(text).to.match(/^HTTP\/1\.1 401/);
    }
    expect(suite.upstream.requests).to.have.length(0);
  });

  it('is lent to everybody under --allow-open, but not once there are gateway keys', async () => {
    await start({ allowOpen: true });
    for (const path of ['/v1/chat/completions', '/ollama/api/chat']) expect((await post(path)).status).to.equal(200);
    suite.proxy.gateway.replaceKeys([{ label: 'team', key: 'team-key' }]);
    for (const headers of [{}, { authorization: 'Bearer gateway' }, { authorization: 'Bearer sk-theirs' }, { 'x-gateway-api-key': LOCAL.key }] as Record<string, string>[]) {
      expect((await post('/v1/chat/completions', headers)).status).to.equal(401);
    }
    expect((await post('/v1/chat/completions', { authorization: 'Bearer team-key' })).status).to.equal(200);
  });
});

describe('pages of the gateway itself', () => {
  const suite = proxied();

  it('GET /ready says its status to everybody, and details to who has the admin token', async () => {
    await suite.start((_q, response) => response.end('{}'), { settings: { apiKeys: [{ label: 'a', key: 'team-key' }] } });
    const ask = async (headers: Record<string, string>): Promise<unknown> => await (await fetch(`${suite.proxy.url}/ready`, { headers })).json();
    expect(await ask({})).to.deep.equal({ status: 'ready' });
    expect(await ask({ authorization: 'Bearer team-key' })).to.deep.equal({ status: 'ready' });
    expect(await ask({ authorization: `Bearer ${ADMIN_TOKEN}` })).to.have.property('elasticsearch');
  });
});
