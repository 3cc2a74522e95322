import { expect } from 'chai';
import { proxied } from '../../support/proxied.js';
import { rawExchange, type HarnessOptions } from '../../support/proxy-harness.js';

const APP = 'https://app.example';

// Rule 7: a page that the user happens to visit must not spend the gateway's keys.
describe('web pages', () => {
  const suite = proxied();
  const start = (options: HarnessOptions = {}): ReturnType<typeof suite.start> => suite.start((_q, response) => {
    response.setHeader('access-control-allow-origin', '*').setHeader('set-cookie', 's=1').setHeader('alt-svc', 'h3=":443"').end('{}');
  }, { ...options, env: { OPENAI_API_KEY: 'sk-ours', ...options.env } });
  async function ask(headers: Record<string, string>, path = '/v1/models', method = 'GET'): Promise<{ status: number; error: string | undefined; text: string }> {
    const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`);
    const { text } = await rawExchange(suite.proxy.port, [`${method} ${path} HTTP/1.1`, ...lines, 'connection: close', '', ''].join('\r\n'));
    return { status: Number(text.slice(9, 12)), error: /x-gateway-error: (\w+)/.exec(text)?.[1], text };
  }

  // A DNS name that was rebound to loopback comes with its own Host.
  for (const [host, status] of [
    ['localhost', 200], ['localhost:3000', 200], ['127.0.0.1', 200], ['127.0.0.1:8080', 200], ['[::1]:3000', 200], ['app.localhost', 200], ['gw.internal', 200],
    ['evil.example', 403], ['localhost.evil.example', 403], ['127.0.0.1.evil.example', 403], ['0.0.0.0', 403], ['127.0.0.1@evil.example', 403], ['10.0.0.7', 403], ['a/.localhost', 403], ['evil#.localhost', 403], ['evil@x.localhost', 403],
  ] as const) {
    it(`Host ${host}: ${status} where our key would be used`, async () => {
      await start({ settings: { allowedHosts: ['gw.internal'] } });
      const { status: got, error } = await ask({ host });
      expect([got, error]).to.deep.equal([status, status === 200 ? undefined : 'forbidden_host']);
      expect(suite.upstream.requests).to.have.length(status === 200 ? 1 : 0);
    });
  }

  for (const [headers, status] of [
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://localhost:8080' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ origin: APP, 'sec-fetch-site': 'cross-site' }, 200],
    [{ origin: APP.toUpperCase() }, 200],
    [{ origin: `${APP}.evil.example` }, 403],
    [{ origin: `${APP}:8443` }, 403],
  ] as const) {
    it(`${JSON.stringify(headers)}: ${status} where our key would be used`, async () => {
      await start({ settings: { corsOrigins: [APP] } });
      const { status: got, error } = await ask(headers);
      expect([got, error]).to.deep.equal([status, status === 200 ? undefined : 'forbidden_origin']);
      expect(await suite.proxy.exchange()).to.deep.include({ statusCode: status, attempts: status === 200 ? 1 : 0 });
    });
  }

  it('a page with a key of its own may call, but reads nothing unless its origin is listed', async () => {
    await start();
    const { status, text } = await ask({ origin: 'https://evil.example', authorization: 'Bearer sk-theirs' });
    expect(status).to.equal(200);
    expect(text).to.not.match(/access-control-/i);
  });

  it('a server of one\'s own that needs no key is guarded like a key, whatever credential a page invents', async () => {
    await start();
    for (const headers of [
      { host: 'evil.example', authorization: 'Bearer junk' }, { host: 'evil.example', authorization: 'Basic eDp5' }, { origin: 'https://evil.example', authorization: 'junk' },
      { origin: 'https://evil.example' }, { host: 'evil.example' }, { 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[]) {
      expect((await ask(headers, '/ollama/api/tags')).status).to.equal(403);
    }
    expect((await ask({}, '/ollama/api/tags')).status).to.equal(200);
  });

  it('a gateway key may come under any Host and from any page: no page knows it, nor reads the answer unless it is listed', async () => {
    await start({ settings: { apiKeys: [{ label: 'a', key: 'gw-key' }] } });
    const key = { 'x-gateway-api-key': 'gw-key' };
    expect((await ask({ ...key, host: 'gw.example' })).status).to.equal(200);
    const page = await ask({ ...key, origin: 'https://evil.example' });
    expect(page.status).to.equal(200);
    expect(page.text).to.not.match(/access-control-/i);
  });

  it('upgrades are guarded too', async () => {
    await start();
    const { status } = await ask({ 'connection': 'Upgrade', 'upgrade': 'websocket', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13', origin: 'https://evil.example' });
    expect(status).to.equal(403);
  });

  it('preflights are answered by us: with what was asked for a listed origin, 403 for others', async () => {
    await start({ settings: { corsOrigins: [APP] } });
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,x-user-id' };
    const good = await ask({ origin: APP, ...asked }, '/v1/chat/completions', 'OPTIONS');
    expect(good.status).to.equal(204);
    expect(good.text).to.include(`access-control-allow-origin: ${APP}`).and.include('access-control-allow-headers: authorization,x-user-id').and.match(/access-control-allow-methods: .*POST/);
    expect((await ask({ origin: 'https://evil.example', ...asked }, '/v1/chat/completions', 'OPTIONS')).status).to.equal(403);
    expect(suite.upstream.requests).to.have.length(0);
    expect(suite.proxy.exchanges).to.have.length(0); // nothing was proxied
  });

  it('an OPTIONS that is no preflight is the provider\'s', async () => {
    await start();
    expect((await ask({}, '/v1/models', 'OPTIONS')).status).to.equal(200);
    expect(suite.upstream.requests[0]?.request.method).to.equal('OPTIONS');
  });

  it('what identifies the page is not forwarded; the provider\'s CORS headers and cookies do not come back', async () => {
    await start({ settings: { corsOrigins: [APP] } });
    const { text } = await ask({ origin: APP, referer: `${APP}/page`, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', cookie: 's=1' });
    expect(suite.upstream.requests[0]?.request.headers).to.not.have.any.keys('origin', 'referer', 'sec-fetch-mode', 'sec-fetch-dest', 'cookie');
    expect(text.match(/access-control-allow-origin: .*/g)).to.deep.equal([`access-control-allow-origin: ${APP}`]);
    expect(text).to.not.match(/set-cookie|alt-svc/i);
  });

  it('errors of the gateway can be read by a listed page', async () => {
    await start({ settings: { corsOrigins: [APP] } });
    const { text } = await ask({ origin: APP }, '/v1/../x');
    expect(text).to.match(/^HTTP\/1\.1 400/).and.include(`access-control-allow-origin: ${APP}`);
  });
});
