import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import { runChecks } from '../../../src/elastic/checks/run-checks.js';
import { verifyContext } from '../../../src/elastic/checks/verify-context.js';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import { requireElasticsearch } from '../../../src/elastic/server-info.js';
import { Admin, cluster, freshName } from './cluster.js';
import { gateway } from './gateway-command.js';

/** Nothing listens there. */
const DOWN = 'http://127.0.0.1:1';

describe('several addresses in ELASTICSEARCH_URL', () => {
  const servers: Server[] = [];
  const open: Elastic[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map((elastic) => elastic.close()));
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  const listen = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  const nodeOf = (uuid: string, seen: string[] = []): Promise<string> => listen((request, response) => {
    seen.push(`${String(request.method)} ${String(request.url)}`);
    response.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
      .end(JSON.stringify({ name: 'n', cluster_name: `name-${uuid}`, cluster_uuid: uuid, version: { number: '8.19.0' } }));
  });
  const configOf = (urls: readonly string[]): ElasticsearchConfig => ({ enabled: true, urls: [...urls], tlsVerify: true, index: 'ai-gateway-metrics' });
  const connect = (urls: readonly string[]): Elastic => {
    const elastic = createElastic(configOf(urls));
    open.push(elastic);
    return elastic;
  };

  it('a request that never left this machine goes to the next node, wherever the dead one stands', async () => {
    const seen: string[] = [];
    const good = await nodeOf('a', seen);
    for (const urls of [[DOWN, good], [good, DOWN], [DOWN, DOWN, good]]) {
      const elastic = connect(urls);
      for (let i = 0; i < 4; i++) expect((await elastic.request({ method: 'GET', path: '/' })).status).to.equal(200);
    }
    expect(seen).to.have.length(12);
  });

  it('a request that may have arrived is not sent to another node', async () => {
    const seen: string[] = [];
    const breaking = await listen((request) => { request.socket.destroy(); });
    const elastic = connect([breaking, await nodeOf('a', seen)]);
    let failure: unknown;
    await elastic.request({ method: 'POST', path: '/x/_bulk', body: '{}\n' }).catch((error: unknown) => { failure = error; });
    expect(failure).to.include({ name: 'ElasticUnreachable', kind: 'connection', mayHaveArrived: true });
    expect(seen).to.have.length(0);
    // The broken one rests.
    for (let i = 0; i < 3; i++) expect((await elastic.request({ method: 'GET', path: '/' })).status).to.equal(200);
  });

  it('names each address where none can be reached', async () => {
    let message = '';
    await connect([DOWN, 'http://127.0.0.1:2']).request({ method: 'GET', path: '/' }).catch((error: unknown) => { message = (error as Error).message; });
    expect(message).to.match(/http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*; http:\/\/127\.0\.0\.1:2: .*ECONNREFUSED/);
  });

  it('refuses nodes of two clusters, with their names', async () => {
    const [a, b] = [await nodeOf('uuid-a'), await nodeOf('uuid-b')];
    for (const urls of [[a, b], [b, a, DOWN]]) {
      let failure: unknown;
      await requireElasticsearch(connect(urls)).catch((error: unknown) => { failure = error; });
      expect(failure).to.include({ code: 'es_clusters_differ' });
      expect((failure as Error).message).to.include(`${a} is of name-uuid-a (uuid-a)`).and.include(`${b} is of name-uuid-b (uuid-b)`);
    }
    expect(await requireElasticsearch(connect([a, await nodeOf('uuid-a')]))).to.include({ clusterUuid: 'uuid-a' });
  });

  it('gateway es verify fails for nodes of two clusters, and uses the live one of two', async () => {
    const [a, b] = [await nodeOf('uuid-a'), await nodeOf('uuid-b')];
    const check = async (urls: readonly string[]): Promise<Record<string, string>> => {
      const { context, close } = verifyContext(configOf(urls), { timeoutMs: 2_000 });
      const results = await runChecks(context, { only: ['tcp', 'http', 'elasticsearch'] }).finally(close);
      return Object.fromEntries(results.map(({ id, status, message }) => [id, `${status}: ${message}`]));
    };
    expect((await check([a, b]))['elasticsearch']).to.match(/^fail: the addresses in ELASTICSEARCH_URL belong to different clusters/);
    for (const urls of [[DOWN, a], [a, DOWN]]) {
      const found = await check(urls);
      expect(found['tcp']).to.match(/^warn: 1 of 2 addresses/);
      expect(found['http']).to.match(/^ok/);
      expect(found['elasticsearch']).to.match(/^ok/);
    }
  });

  it('every command works while one of two nodes is down', async () => {
    const index = freshName();
    const admin = new Admin();
    try {
      for (const urls of [`${DOWN},${cluster().url}`, `${cluster().url},${DOWN}`]) {
        const env = { ELASTICSEARCH_URL: urls, ELASTICSEARCH_INDEX: index };
        for (const argv of [['es', 'init'], ['metrics', 'top', '--source', 'elasticsearch'], ['telemetry', 'verify']]) {
          const { code, stderr } = await gateway(argv, env);
          expect(code, `gateway ${argv.join(' ')} on ${urls}: ${stderr}`).to.equal(0);
        }
      }
    } finally {
      await admin.drop(index);
      await admin.elastic.close();
    }
  });
});
