import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import { runChecks, type CheckResult } from '../../../src/elastic/checks/run-checks.js';
import { verifyContext } from '../../../src/elastic/checks/verify-context.js';
import { createElastic, ElasticUnreachable } from '../../../src/elastic/client.js';
import { issue, type Issued } from './certificate-chains.js';

describe('ELASTICSEARCH_CA_FINGERPRINT and certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-pin-'));
  const AUTHORITY = 'Elasticsearch security auto-configuration HTTP CA';
  const authority = issue(folder, 'authority', { subject: AUTHORITY, authority: true });
  const intermediate = issue(folder, 'intermediate', { by: authority, authority: true });
  const good = issue(folder, 'good', { by: authority });
  const below = issue(folder, 'below', { by: intermediate });
  const alone = issue(folder, 'alone', {});
  const attacker = issue(folder, 'attacker', { subject: AUTHORITY, authority: true });
  const servers: Server[] = [];
  const requests: IncomingMessage[] = [];
  const resumed: boolean[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    requests.length = 0;
  });
  after(() => { rmSync(folder, { recursive: true }); });

  /** A server that shows these certificates. */
  const shows = async (leaf: Issued, ...chain: readonly Issued[]): Promise<string> => {
    const server = createServer({ key: leaf.key, cert: [leaf, ...chain].map(({ cert }) => cert).join('') }, (request, response) => {
      requests.push(request);
      const body = { name: 'n', cluster_name: 'c', cluster_uuid: 'u', version: { number: '8.19.0' } };
      response.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end(JSON.stringify(body));
    });
    server.on('secureConnection', (socket) => { resumed.push(socket.isSessionReused()); });
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  const configOf = (url: string, overrides: Partial<ElasticsearchConfig>): ElasticsearchConfig =>
    ({ enabled: true, urls: [url], tlsVerify: true, index: 'ai-gateway-metrics', username: 'elastic', password: 'secret', ...overrides });
  const ask = async (url: string, overrides: Partial<ElasticsearchConfig>): Promise<number | string> => {
    const elastic = createElastic(configOf(url, overrides));
    try {
      return (await elastic.request({ method: 'GET', path: '/' })).status;
    } catch (error) {
      if (!(error instanceof ElasticUnreachable)) throw error;
      expect(error.mayHaveArrived, 'it was never sent').to.equal(false);
      return error.message;
    } finally {
      await elastic.close();
    }
  };
  const tls = async (url: string, overrides: Partial<ElasticsearchConfig>): Promise<CheckResult> => {
    const { context, close } = verifyContext(configOf(url, overrides), { timeoutMs: 2_000 });
    try {
      const results = await runChecks(context, { only: ['tls'] });
      return results.find(({ id }) => id === 'tls') as CheckResult;
    } finally {
      await close();
    }
  };
  /** The connection and `gateway es verify` refuse it alike, and not one byte of the credentials is sent. */
  const refuses = async (url: string, overrides: Partial<ElasticsearchConfig>, message: RegExp, fix: RegExp): Promise<void> => {
    expect(await ask(url, overrides)).to.be.a('string');
    const found = await tls(url, overrides);
    expect(found.status).to.equal('fail');
    expect(found.message).to.match(message);
    expect(found.fix).to.match(fix);
    expect(requests.filter(({ headers }) => headers.authorization !== undefined)).to.have.length(0);
  };
  const accepts = async (url: string, overrides: Partial<ElasticsearchConfig>): Promise<void> => {
    expect(await ask(url, overrides)).to.equal(200);
    expect((await tls(url, overrides)).status).to.equal('ok');
  };

  it('accepts what the pinned authority has signed, however the fingerprint is written', async () => {
    const url = await shows(good, authority);
    await accepts(url, { caFingerprint: authority.sha256 });
    await accepts(url, { caFingerprint: authority.sha256.replaceAll(':', '').toLowerCase() });
  });

  it('accepts resumed TLS sessions of a pinned authority', async () => {
    const url = await shows(good, authority);
    const elastic = createElastic(configOf(url, { caFingerprint: authority.sha256 }));
    try {
      for (let i = 0; i < 4; i++) {
        expect((await elastic.request({ method: 'GET', path: '/' })).status).to.equal(200);
        for (const server of servers) server.closeAllConnections();
        await elastic.request({ method: 'GET', path: '/' }).catch(() => undefined);
      }
    } finally {
      await elastic.close();
    }
    expect(resumed).to.include(true);
  });

  it('refuses a certificate that names the pinned authority as its issuer and was not signed by it', async () => {
    const forged = issue(folder, 'forged', { by: attacker, byNameAlone: true });
    const url = await shows(forged, authority);
    await refuses(url, { caFingerprint: authority.sha256 }, /was not signed by it/, /in between/);
  });

  it('refuses a chain that has expired, or whose authority has', async () => {
    await refuses(await shows(issue(folder, 'expired', { by: authority, days: -1 }), authority), { caFingerprint: authority.sha256 }, /expired/, /Renew/);
    const old = issue(folder, 'old', { authority: true, days: -1 });
    await refuses(await shows(issue(folder, 'of-old', { by: old }), old), { caFingerprint: old.sha256 }, /expired/, /Renew/);
  });

  it('refuses a certificate of another host, unless ELASTICSEARCH_TLS_VERIFY=false leaves the name out', async () => {
    const url = await shows(issue(folder, 'other-host', { by: authority, names: 'DNS:elsewhere.example' }), authority);
    await refuses(url, { caFingerprint: authority.sha256 }, /is for DNS:elsewhere\.example, not for this host/, /ELASTICSEARCH_URL/);
    expect(await ask(url, { caFingerprint: authority.sha256, tlsVerify: false })).to.equal(200);
  });

  it('refuses a forged certificate with ELASTICSEARCH_TLS_VERIFY=false as well', async () => {
    const url = await shows(issue(folder, 'forged-again', { by: attacker, byNameAlone: true }), authority);
    await refuses(url, { caFingerprint: authority.sha256, tlsVerify: false }, /was not signed by it/, /in between/);
  });

  it('refuses a chain without the pinned certificate', async () => {
    await refuses(await shows(issue(folder, 'of-attacker', { by: attacker }), attacker), { caFingerprint: authority.sha256 },
      new RegExp(`not of the authority that is pinned .*${attacker.sha256}`), /somebody is in between/);
  });

  it('accepts an intermediate or a single certificate that is pinned itself', async () => {
    await accepts(await shows(below, intermediate, authority), { caFingerprint: intermediate.sha256 });
    await accepts(await shows(below, intermediate), { caFingerprint: intermediate.sha256 });
    await accepts(await shows(alone), { caFingerprint: alone.sha256 });
    await accepts(await shows(good), { caFingerprint: good.sha256 });
  });

  it('names ELASTICSEARCH_CA_FILE where the server does not send its root', async () => {
    for (const chain of [[good], [below, intermediate]] as const) {
      const url = await shows(chain[0], ...chain.slice(1));
      await refuses(url, { caFingerprint: authority.sha256 }, /ends before the root/, /ELASTICSEARCH_CA_FILE/);
      await refuses(url, {}, /does not send its root/, /^Set ELASTICSEARCH_CA_FILE to the cluster's http_ca\.crt\.$/);
    }
    await accepts(await shows(good), { caFile: authority.certFile, caFingerprint: authority.sha256 });
  });

  it('asks another node where one shows a certificate that is not pinned', async () => {
    const wrong = await shows(issue(folder, 'wrong-node', { by: attacker }), attacker);
    const right = await shows(issue(folder, 'right-node', { by: authority }), authority);
    for (const urls of [[wrong, right], [right, wrong]]) expect(await ask('', { urls, caFingerprint: authority.sha256 })).to.equal(200);
  });

  it('reads a rotated ELASTICSEARCH_CA_FILE, ELASTICSEARCH_CERT_FILE and ELASTICSEARCH_KEY_FILE again', async () => {
    const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => join(folder, `mounted-${name}.pem`)) as [string, string, string];
    const put = (ca: Issued, client: Issued): void => {
      writeFileSync(caFile, ca.cert);
      writeFileSync(certFile, client.cert);
      writeFileSync(keyFile, client.key);
    };
    const next = issue(folder, 'next', { authority: true });
    const [oldClient, newClient] = [issue(folder, 'old-client', { by: authority }), issue(folder, 'new-client', { by: next })];
    const serve = async (ca: Issued, leaf: Issued, port: number): Promise<Server> => {
      const server = createServer({ key: leaf.key, cert: leaf.cert, ca: ca.cert, requestCert: true, rejectUnauthorized: true }, (_, response) => { response.end('{}'); });
      servers.push(server);
      await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', resolve); });
      return server;
    };
    put(authority, oldClient);
    const first = await serve(authority, good, 0);
    const { port } = first.address() as AddressInfo;
    const elastic = createElastic(configOf(`https://127.0.0.1:${String(port)}`, { caFile, certFile, keyFile }));
    try {
      expect((await elastic.request({ method: 'GET', path: '/' })).status).to.equal(200);
      first.closeAllConnections();
      await new Promise((resolve) => { first.close(resolve); });
      await serve(next, issue(folder, 'next-server', { by: next }), port);
      put(next, newClient);
      // The connection that stood was cut: that failure is not of the handshake.
      await elastic.request({ method: 'GET', path: '/' }).catch(() => undefined);
      expect((await elastic.request({ method: 'GET', path: '/' })).status).to.equal(200);
    } finally {
      await elastic.close();
    }
  });
});
