import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { proxied, rawPost } from '../../support/proxied.js';
import { rawExchange, startUpstream, until } from '../../support/proxy-harness.js';

describe('connections to all providers together', () => {
  const suite = proxied();
  const call = (path = '/v1/chat/completions'): Promise<{ text: string }> => rawExchange(suite.proxy.port, rawPost(path, '{}', ['connection: close']));

  it('have a limit: what is over it gets 503 and may try again, and the operator is told', async () => {
    const open: ServerResponse[] = [];
    const told: string[] = [];
    await suite.start((_q, response) => { open.push(response); }, { settings: { upstreamMaxConnections: 2 }, onShortage: (detail) => { told.push(detail); } });
    const two = [call(), call()];
    await until(() => open.length === 2);
    const { text } = await call();
    expect(text).to.match(/^HTTP\/1\.1 503/).and.match(/x-gateway-error: connections_full/).and.match(/retry-after: 1\r\n/i);
    expect(text).to.include('UPSTREAM_MAX_CONNECTIONS');
    expect(await suite.proxy.exchange()).to.deep.include({
      statusCode: 503, errorType: 'connections_full', endReason: 'gateway', attempts: 0, providerErrorCount: 0, errorCount: 1, providerMs: undefined,
    });
    expect(told).to.have.length(1);
    for (const response of open) response.end('{}');
    for (const { text: answer } of await Promise.all(two)) expect(answer).to.match(/^HTTP\/1\.1 200/);
    const again = call();
    await until(() => open.length === 3);
    open[2]?.end('{}');
    expect((await again).text).to.match(/^HTTP\/1\.1 200/);
  });

  it('that lie idle make room for those of another provider', async () => {
    const other = await startUpstream((_q, response) => { response.end('{}'); });
    await suite.start((_q, response) => { response.end('{}'); }, { settings: { upstreamMaxConnections: 1 }, env: { GROQ_BASE_URL: other.url } });
    for (const path of ['/v1/chat/completions', '/groq/v1/chat/completions', '/v1/chat/completions', '/groq/v1/chat/completions']) {
      expect((await call(path)).text, path).to.match(/^HTTP\/1\.1 200/);
    }
    await other.close();
  });

  it('a key that no header can carry is the configuration\'s fault, and stays unsaid', async () => {
    const proxyOf = suite.start((_q, response) => { response.end('{}'); }, { allowOpen: true, env: { OPENAI_API_KEY: 'sk-secret\u200b' } });
    // Refused at the start, or at the call: never sent, and never "no connection".
    const failure = await proxyOf.then(() => undefined, (error: unknown) => error as Error);
    const said = failure?.message ?? (await call()).text;
    expect(said).to.not.include('sk-secret').and.not.include('no connection');
    if (failure !== undefined) return;
    expect(said).to.match(/^HTTP\/1\.1 503/).and.match(/x-gateway-error: provider_unconfigured/).and.include('a character that no header can carry');
    expect(await suite.proxy.exchange()).to.deep.include({ attempts: 0, endReason: 'gateway', providerErrorCount: 0 });
    expect(suite.upstream.requests).to.have.length(0);
  });
});
