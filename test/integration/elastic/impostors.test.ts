import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import { runChecks, type CheckResult } from '../../../src/elastic/checks/run-checks.js';
import { createElastic } from '../../../src/elastic/client.js';
import { ensureObjects } from '../../../src/elastic/ensure-objects.js';

const json = (body: unknown, headers: Record<string, string> = {}, status = 200): RequestListener => (_, response) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

describe('what is not a supported Elasticsearch', () => {
  const servers: (Server | TcpServer)[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  let key = '';
  let cert = '';

  before(() => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
      '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
    key = readFileSync(join(folder, 'key.pem'), 'utf8');
    cert = readFileSync(join(folder, 'cert.pem'), 'utf8');
  });
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
    const { reachable } = await verify('http://127.0.0.1:1');
    expect(reachable?.message).to.equal('nothing listens on 127.0.0.1:1');
  });

  it('a name that does not exist', async () => {
    const { reachable } = await verify('http://no-such-host.invalid:9200');
    expect(reachable?.message).to.equal('the host name no-such-host.invalid does not resolve');
  });

  it('a server that accepts and says nothing', async () => {
    const port = await listen(createTcpServer((socket) => { socket.destroy(); }));
    expect((await verify(`http://127.0.0.1:${String(port)}`))['reachable']?.message).to.match(/accepts connections, but closes them without an answer/);
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
    const { reachable } = await verify(`http://localhost:${String(port)}`);
    expect(reachable?.message).to.match(/speaks TLS, and ELASTICSEARCH_URL says http/);
    expect(reachable?.fix).to.match(/https:\/\/localhost/);
  });

  it('plain HTTP where https was said', async () => {
    const url = (await answering(json({}))).replace('http:', 'https:');
    expect((await verify(url))['reachable']?.message).to.match(/speaks plain HTTP, and ELASTICSEARCH_URL says https/);
  });

  it('a certificate of an unknown authority', async () => {
    const port = await listen(createTlsServer({ key, cert }, json({})));
    const { reachable } = await verify(`https://localhost:${String(port)}`);
    expect(reachable?.message).to.match(/from an authority that this machine does not know \(DEPTH_ZERO_SELF_SIGNED_CERT; SHA-256 of its authority: ([0-9A-F]{2}:){31}/);
    expect(reachable?.fix).to.match(/ELASTICSEARCH_CA_FILE/);
  });

  it('a certificate that is not from the configured authority', async () => {
    const other = join(folder, 'other.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=other', '-keyout', join(folder, 'other.key'), '-out', other], { stdio: 'ignore' });
    const port = await listen(createTlsServer({ key, cert }, json({})));
    expect((await verify(`https://localhost:${String(port)}`, { caFile: other }))['reachable']?.message).to.match(/is not from the authority in ELASTICSEARCH_CA_FILE/);
  });

  it('a certificate for another host', async () => {
    const port = await listen(createTlsServer({ key, cert }, json({})));
    expect((await verify(`https://127.0.0.1:${String(port)}`, { caFile: join(folder, 'cert.pem') }))['reachable']?.message).to.match(/is for DNS:localhost, not for this host/);
  });

  it('a certificate that is not the pinned one', async () => {
    const port = await listen(createTlsServer({ key, cert }, json({})));
    expect((await verify(`https://localhost:${String(port)}`, { caFingerprint: 'ab'.repeat(32) }))['reachable']?.message).to.match(/not of the authority that is pinned/);
  });
});
