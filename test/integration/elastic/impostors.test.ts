import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import { runChecks, type CheckResult } from '../../../src/elastic/checks/run-checks.js';
import { verifyContext } from '../../../src/elastic/checks/verify-context.js';
import { createElastic } from '../../../src/elastic/client.js';
import { ensureObjects } from '../../../src/elastic/ensure-objects.js';
import { selfSigned } from './self-signed.js';

const json = (body: unknown, headers: Record<string, string> = {}, status = 200): RequestListener => (_, response) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

describe('what is not a supported Elasticsearch', () => {
  const servers: (Server | TcpServer)[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  const { key, cert, certFile, keyFile } = selfSigned(folder, 'cluster', { days: 400 });

  afterEach(() => { for (const server of servers.splice(0)) server.close(); });
  after(() => { rmSync(folder, { recursive: true }); });

  const listen = async (server: Server | TcpServer): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return (server.address() as AddressInfo).port;
  };
  const configOf = (url: string, overrides: Partial<ElasticsearchConfig> = {}): ElasticsearchConfig =>
    ({ enabled: true, urls: [url], tlsVerify: true, index: 'ai-gateway-metrics', ...overrides });
  const verify = async (url: string, overrides: Partial<ElasticsearchConfig> = {}): Promise<Record<string, CheckResult>> => {
    const config = configOf(url, overrides);
    const elastic = createElastic(config);
    const ca = config.caFile === undefined ? {} : { ca: readFileSync(config.caFile, 'utf8') };
    const results = await runChecks({ elastic, config, now: Date.now, timeoutMs: 1000, connect: () => elastic, ...ca });
    await elastic.close();
    const failed = results.filter((result) => result.status === 'fail');
    expect(failed).to.have.length(1, 'what rests on a failed check is skipped, not failed');
    return Object.fromEntries(results.map((result) => [result.id, result]));
  };
  const answering = async (listener: RequestListener): Promise<string> => `http://127.0.0.1:${String(await listen(createServer(listener)))}`;

  it('nothing listens', async () => {
    const { tcp } = await verify('http://127.0.0.1:1');
    expect(tcp?.message).to.equal('nothing listens on 127.0.0.1:1');
  });

  it('a name that does not exist', async () => {
    const { dns, tcp } = await verify('http://no-such-host.invalid:9200');
    expect(tcp).to.include({ status: 'skip', message: 'not run, because it needs the check dns' });
    expect(dns?.message).to.equal('the host name no-such-host.invalid does not resolve');
  });

  it('a server that accepts and says nothing', async () => {
    const port = await listen(createTcpServer((socket) => { socket.destroy(); }));
    expect((await verify(`http://127.0.0.1:${String(port)}`))['http']?.message).to.match(/accepts connections, but closes them without an answer/);
  });

  it('a proxy\'s web page', async () => {
    const url = await answering((_, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<html><head><title>Sign in</title></head></html>'); });
    expect((await verify(url))['elasticsearch']?.message).to.match(/a web page answers \(HTTP 200, titled "Sign in"\)/);
    expect(await ensureObjects(createElastic(configOf(url)), configOf(url))).to.have.property('reason').that.matches(/web page/);
  });

  it('a proxy\'s error page', async () => {
    const url = await answering((_, response) => { response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>'); });
    expect((await verify(url))['elasticsearch']?.message).to.match(/a web page answers \(HTTP 502\)/);
  });

  it('a redirect', async () => {
    const url = await answering((_, response) => { response.writeHead(301, { location: 'https://login.example.com/' }).end(); });
    expect((await verify(url))['elasticsearch']?.message).to.match(/redirects \(HTTP 301 to https:\/\/login\.example\.com\/\)/);
  });

  it('OpenSearch that calls itself Elasticsearch 7.10.2', async () => {
    const url = await answering(json({ name: 'n', cluster_name: 'c', cluster_uuid: 'u', version: { number: '7.10.2', build_type: 'tar' }, tagline: 'The OpenSearch Project: https://opensearch.org/' }));
    expect((await verify(url))['elasticsearch']?.message).to.match(/^OpenSearch answers, which calls itself version 7\.10\.2/);
  });

  it('a proxy that removes the header X-Elastic-Product', async () => {
    const url = await answering(json({ name: 'n', cluster_name: 'c', cluster_uuid: 'u', version: { number: '8.19.0' }, tagline: 'You Know, for Search' }));
    const { elasticsearch } = await verify(url);
    expect(elasticsearch?.message).to.match(/calls itself Elasticsearch 8\.19\.0, but the header X-Elastic-Product is missing: a proxy/);
    expect(elasticsearch?.fix).to.match(/^Let the proxy pass the header X-Elastic-Product/);
  });

  it('OpenSearch', async () => {
    const url = await answering(json({ name: 'n', cluster_name: 'c', cluster_uuid: 'u', version: { distribution: 'opensearch', number: '2.11.0' } }));
    expect((await verify(url))['elasticsearch']?.message).to.equal('opensearch 2.11.0 answers, not Elasticsearch');
  });

  it('Kibana', async () => {
    const url = await answering((_, response) => { response.writeHead(302, { location: '/login?next=%2F', 'kbn-name': 'kibana' }).end(); });
    expect((await verify(url))['elasticsearch']?.message).to.equal('Kibana (kibana) answers, not Elasticsearch');
  });

  it('another service that speaks JSON', async () => {
    expect((await verify(await answering(json({ hello: 'world' }))))['elasticsearch']?.message).to.match(/something else than Elasticsearch/);
  });

  for (const [number, supported] of [['7.16.3', false], ['7.17.0', true], ['8.12.0', true], ['9.2.4', true], ['10.0.0', false]] as const) {
    it(`Elasticsearch ${number} is ${supported ? '' : 'not '}supported`, async () => {
      const url = await answering((request, response) => {
        const known = request.url === '/';
        json(known ? { name: 'n', cluster_name: 'c', cluster_uuid: 'u', version: { number } } : { error: `no handler found for uri [${String(request.url)}]` }, { 'x-elastic-product': 'Elasticsearch' }, known ? 200 : 400)(request, response);
      });
      const elastic = createElastic(configOf(url));
      const results = await runChecks({ elastic, config: configOf(url), now: Date.now, timeoutMs: 1000, connect: () => elastic }, { only: ['version'] });
      expect(results.find((result) => result.id === 'version')?.status).to.equal(supported ? 'ok' : 'fail');
      await elastic.close();
    });
  }

  it('TLS where http was said', async () => {
    const port = await listen(createTlsServer({ key, cert }, json({})));
    const { http } = await verify(`http://localhost:${String(port)}`);
    expect(http?.message).to.match(/speaks TLS, and ELASTICSEARCH_URL says http/);
    expect(http?.fix).to.match(/https:\/\/localhost/);
  });

  it('plain HTTP where https was said', async () => {
    const url = (await answering(json({}))).replace('http:', 'https:');
    expect((await verify(url))['tls']?.message).to.match(/speaks plain HTTP, and ELASTICSEARCH_URL says https/);
  });

  it('a certificate of an unknown authority', async () => {
    const port = await listen(createTlsServer({ key, cert }, json({})));
    const { tls } = await verify(`https://localhost:${String(port)}`);
    expect(tls?.message).to.match(/from an authority that this machine does not know \(DEPTH_ZERO_SELF_SIGNED_CERT; SHA-256 of its authority: ([0-9A-F]{2}:){31}/);
    expect(tls?.fix).to.match(/ELASTICSEARCH_CA_FILE/);
  });

  it('a certificate that is not from the configured authority', async () => {
    const other = selfSigned(folder, 'other', { days: 400 }).certFile;
    const port = await listen(createTlsServer({ key, cert }, json({})));
    expect((await verify(`https://localhost:${String(port)}`, { caFile: other }))['tls']?.message).to.match(/is not from the authority in ELASTICSEARCH_CA_FILE/);
  });

  it('a certificate for another host', async () => {
    const port = await listen(createTlsServer({ key, cert }, json({})));
    expect((await verify(`https://127.0.0.1:${String(port)}`, { caFile: certFile }))['tls']?.message).to.match(/is for DNS:localhost, not for this host/);
  });

  it('a certificate that is not the pinned one', async () => {
    const port = await listen(createTlsServer({ key, cert }, json({})));
    expect((await verify(`https://localhost:${String(port)}`, { caFingerprint: 'ab'.repeat(32) }))['tls']?.message).to.match(/not of the authority that is pinned/);
  });

  it('an expired certificate', async () => {
    const old = selfSigned(folder, 'expired', { days: -3 });
    const port = await listen(createTlsServer({ key: old.key, cert: old.cert }, json({})));
    const { tls } = await verify(`https://localhost:${String(port)}`, { caFile: old.certFile });
    expect(tls?.message).to.match(/the certificate of localhost:\d+ expired on \d{4}-\d\d-\d\d/);
    expect(tls?.fix).to.match(/Renew/);
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`a server that wants a certificate from the client, over ${maxVersion}`, async () => {
      const port = await listen(createTlsServer({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: true, maxVersion }, json({})));
      const url = `https://localhost:${String(port)}`;
      expect((await verify(url, { caFile: certFile }))['tls']?.message).to.match(/wants a certificate from the client/);
      const { context, close } = verifyContext(configOf(url, { caFile: certFile, certFile, keyFile }), { timeoutMs: 1000 });
      const results = await runChecks(context, { only: ['tls', 'http'] });
      await close();
      expect(results.map((result) => result.status)).to.deep.equal(['ok', 'ok']);
    });
  }

  describe('TLS that works', () => {
    const tlsOf = async (server: { key: string; cert: string }, overrides: Partial<ElasticsearchConfig>): Promise<CheckResult | undefined> => {
      const port = await listen(createTlsServer(server, json({}, { 'x-elastic-product': 'Elasticsearch' })));
      const config = configOf(`https://localhost:${String(port)}`, overrides);
      const { context, close } = verifyContext(config, { timeoutMs: 1000 });
      try {
        return (await runChecks(context, { only: ['tls', 'http'] })).find((result) => result.id === 'tls');
      } finally {
        await close();
      }
    };

    it('shows chain, expiry, names and the SHA-256 that can be pinned', async () => {
      const seen = await tlsOf({ key, cert }, { caFile: certFile });
      expect(seen).to.include({ status: 'ok' });
      const fingerprint = new X509Certificate(cert).fingerprint256;
      expect(seen?.message).to.match(/^TLSv1\.3, chain cluster, valid for 399 more days, names DNS:localhost, SHA-256/).and.include(fingerprint);
      expect(await tlsOf({ key, cert }, { caFingerprint: fingerprint })).to.include({ status: 'ok' });
      expect(await tlsOf({ key, cert }, { caFingerprint: fingerprint.replaceAll(':', '').toLowerCase() })).to.include({ status: 'ok' });
    });

    it('warns before a certificate expires', async () => {
      const soon = selfSigned(folder, 'soon', { days: 12 });
      const seen = await tlsOf(soon, { caFile: soon.certFile });
      expect(seen).to.include({ status: 'warn' });
      expect(seen?.message).to.match(/valid for 11 more days/);
    });

    it('warns while certificates are not checked, and says what to pin', async () => {
      const seen = await tlsOf({ key, cert }, { tlsVerify: false });
      expect(seen).to.include({ status: 'warn' });
      expect(seen?.fix).to.include(`ELASTICSEARCH_CA_FINGERPRINT=${new X509Certificate(cert).fingerprint256}`);
    });
  });

  describe('settings', () => {
    const settingsOf = async (url: string, overrides: Partial<ElasticsearchConfig> = {}): Promise<CheckResult | undefined> => {
      const { context, close } = verifyContext(configOf(url, overrides), { timeoutMs: 1000 });
      try {
        return (await runChecks(context, { only: ['settings'] }))[0];
      } finally {
        await close();
      }
    };

    it('are told without the secrets', async () => {
      const seen = await settingsOf('https://es.example:9200', { username: 'ann', password: 'hunter2', layout: 'daily' });
      expect(seen).to.include({ status: 'ok', message: 'https://es.example:9200, user ann with a password, index ai-gateway-metrics, layout daily' });
      expect((await settingsOf('https://es.example:9200', { apiKey: 'c2VjcmV0' }))?.message).to.include('an API key').and.not.include('c2VjcmV0');
      expect((await settingsOf('http://127.0.0.1:9200'))?.message).to.include('no credentials');
    });

    it('warn of credentials that travel unencrypted to another machine', async () => {
      expect(await settingsOf('http://es.example:9200', { username: 'ann', password: 'x' })).to.include({ status: 'warn' });
      expect(await settingsOf('http://es.example:9200')).to.include({ status: 'ok' });
      expect(await settingsOf('http://[::1]:9200', { username: 'ann', password: 'x' })).to.include({ status: 'ok' });
    });

    it('refuse a bad name and a bad cloud id', async () => {
      expect(await settingsOf('http://127.0.0.1:9200', { index: 'Upper' })).to.include({ status: 'fail' });
      const cloudId = `prod:${Buffer.from('eu.cloud.example:9243$abc$def').toString('base64')}`;
      expect((await settingsOf('http://unused.example', { cloudId }))?.message).to.match(/^https:\/\/abc\.eu\.cloud\.example:9243, /);
    });
  });
});
