import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createElastic, type ElasticRequest } from '../../../src/elastic/client.js';
import { at, listAt } from '../../../src/elastic/json.js';
import { migrate } from '../../../src/elastic/migrate/migrate.js';
import { adminRole } from '../../../src/elastic/roles.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { Admin, cluster, configOf, freshName } from './cluster.js';
import { gateway, gatewayJson, gatewayOnTerminal } from './gateway-command.js';

const PER_DAY = 900;
const DAYS = ['2026-01-30', '2026-01-31', '2026-02-01'];

describe('gateway es init --migrate', () => {
  const admin = new Admin();
  const today = utcDate(Date.now());
  const names: string[] = [];
  const servers: Server[] = [];
  let name = '';
  let env: Record<string, string> = {};

  beforeEach(() => {
    name = freshName();
    names.push(name);
    env = { ELASTICSEARCH_INDEX: name };
  });
  after(async () => {
    for (const server of servers) server.close();
    for (const each of names) await admin.drop(each);
    await admin.elastic.close();
  });

  /** An index as a gateway without a template makes it: guessed mapping, ids of the server. */
  const seed = async (): Promise<void> => {
    for (const day of DAYS) {
      const lines = Array.from({ length: PER_DAY }, (_, i) => {
        const timestamp = i === 5 ? Date.parse(`${day}T10:00:00Z`) : `${day}T23:59:59.${String(i).padStart(9, '0')}${i % 2 === 0 ? 'Z' : '+00:00'}`;
        return `{"index":{}}\n${JSON.stringify({ timestamp, provider: 'openai', model: 'gpt', total_latency_ms: i, cost: 0.001, extra: { kept: true } })}\n`;
      });
      const answer = await admin.elastic.request({ method: 'POST', path: `/${name}/_bulk`, query: { refresh: 'true' }, body: lines.join('') });
      expect(at(answer.body, 'errors')).to.equal(false);
    }
  };
  const count = async (index: string): Promise<unknown> => {
    await admin.must('POST', `/${index}/_refresh`);
    return at(await admin.must('GET', `/${index}/_count`), 'count');
  };
  const blocked = async (): Promise<boolean> => (await admin.ask('POST', `/${name}/_doc`, { timestamp: '2026-03-01T00:00:00Z' })).status === 403;

  it('explains first, and changes nothing', async () => {
    await seed();
    const { code, stdout } = await gateway(['es', 'init', '--migrate'], env);
    expect(code).to.equal(0);
    expect(stdout).to.include('one index with 2700 records of 3 days, 2026-01-30 to 2026-02-01').and.match(/Nothing was changed now/);
    expect(await admin.must('GET', `/_resolve/index/${name}*`)).to.have.property('indices').with.length(1);
    expect((await admin.ask('GET', `/_index_template/${name}-template`)).status).to.equal(404);
  });

  it('copies every record into the index of its day under its old id, and leaves the old index as it was', async () => {
    await seed();
    const { code, json } = await gatewayJson(['es', 'init', '--migrate', '--yes'], env);
    expect(code, JSON.stringify(json)).to.equal(0);
    expect(json['migration']).to.deep.equal({ records: 2700, copied: 2700, present: 0, refusedCount: 0, refused: [], missing: 0, swapped: false });
    for (const day of DAYS) expect(await count(`${name}-${day}`), day).to.equal(PER_DAY);
    const [hit] = listAt(await admin.must('POST', `/${name}/_search`, { size: 1, query: { term: { total_latency_ms: 7 } } }), 'hits', 'hits');
    const day = String(at(hit, '_source', 'timestamp')).slice(0, 10);
    expect(at(await admin.must('GET', `/${name}-${day}/_doc/${String(at(hit, '_id'))}`), '_source')).to.deep.equal(at(hit, '_source'));
    expect(at(await admin.must('GET', `/${name}-${day}/_mapping`), `${name}-${day}`, 'mappings', 'properties', 'provider', 'type')).to.equal('keyword');
    expect(await blocked()).to.equal(false);
    const again = await gatewayJson(['es', 'init', '--migrate', '--yes'], env);
    expect(again.json['migration']).to.include({ copied: 1, present: 2700, missing: 0 }); // the probe above was written
  });

  it('swaps alias and index with --delete-old, so that every search goes on', async () => {
    await seed();
    const { code, json } = await gatewayJson(['es', 'init', '--migrate', '--yes', '--delete-old', '--retention', '60d'], { ...env, ELASTICSEARCH_LAYOUT: 'single' });
    expect(at(json, 'steps', 0, 'detail')).to.match(/remove ELASTICSEARCH_LAYOUT=single/);
    expect(code, JSON.stringify(json)).to.equal(0);
    expect(json['migration']).to.include({ copied: 2700, missing: 0, swapped: true });
    expect(Object.keys(await admin.must('GET', `/_alias/${name}`) as object)).to.have.members([...DAYS.map((day) => `${name}-${day}`), `${name}-${today}`]);
    expect(await count(name)).to.equal(2700);
    const after = await gatewayJson(['es', 'init'], env);
    expect(after.json['changed'], JSON.stringify(after.json)).to.equal(false);
    expect(at(await admin.must('GET', `/_ilm/policy/${name}-policy`), `${name}-policy`, 'policy', 'phases', 'delete', 'min_age')).to.equal('60d');
    expect((await gatewayJson(['es', 'verify', '--only', 'layout,policy,template,mapping,alias,write,newest'], env)).json['ok']).to.equal(true);
    expect((await gatewayJson(['es', 'init', '--migrate', '--yes'], env)).json['changed']).to.equal(false);
  });

  it('needs no more than the role NAME-admin; nothing can be written meanwhile, and index and alias change places in one request', async () => {
    await seed();
    const role = adminRole(name);
    const user = await admin.user(`${name}-user`, role.cluster, role.indices);
    const elastic = createElastic(configOf(user));
    const sent: ElasticRequest[] = [];
    const writable: boolean[] = [];
    const watched = { ...elastic, request: async (request: ElasticRequest) => {
      sent.push(request);
      if (['/_bulk', '/_mget', '/_aliases'].includes(request.path)) writable.push(!(await blocked()));
      return elastic.request(request);
    } };
    const progress: string[] = [];
    try {
      const { ok, report } = await migrate(watched, { index: name }, { force: false, now: Date.now(), objects: {}, deleteOld: true, onProgress: (...step) => { progress.push(step.join(' ')); } }, true);
      expect({ ok, migration: report.migration }).to.deep.include({ ok: true }).and.have.nested.property('migration.swapped', true);
    } finally {
      await elastic.close();
      await admin.dropUser(user.username);
    }
    expect(writable.length).to.be.above(3);
    expect(writable).not.to.include(true);
    expect(progress).to.deep.equal(['copy', 'compare'].flatMap((phase) => [1000, 2000, 2700].map((done) => `${phase} ${String(done)} 2700`)));
    expect(sent.filter((request) => request.method === 'DELETE').map((request) => request.path)).to.deep.equal(['/_pit', '/_pit']);
    const swaps = sent.filter((request) => request.path === '/_aliases');
    expect(swaps.map((request) => listAt(request.body, 'actions').map((action) => Object.keys(action as object)[0]))).to.deep.equal([['remove_index', 'add', 'add', 'add', 'add']]);
    expect(await count(name)).to.equal(2700);
  });

  it('takes every form of a date that the server reads, and leaves no way to write through the alias', async () => {
    const forms = ['2026-02-01T10', '2026-02-01T10:20:30,123Z', '2026-02-01T10:20:30+01', '2026-02-01', '2026-02-01T10:20:30.123456789Z', Date.parse('2026-02-01T05:00:00Z')];
    await admin.must('PUT', `/${name}`, { mappings: { properties: { timestamp: { type: 'date' } } } });
    for (const timestamp of forms) await admin.must('POST', `/${name}/_doc?refresh=true`, { timestamp, provider: 'openai' });
    const { code, json } = await gatewayJson(['es', 'init', '--migrate', '--yes', '--delete-old'], env);
    expect(code, JSON.stringify(json)).to.equal(0);
    expect(json['migration']).to.include({ copied: forms.length, refusedCount: 0, missing: 0, swapped: true });
    expect(at(json, 'steps', 0, 'detail')).to.match(/A gateway that is running goes on/);
    expect(await count(`${name}-2026-02-01`)).to.equal(forms.length);
    // A gateway that still takes NAME for an index must be refused, whatever the number of days.
    await admin.must('DELETE', `/${name}-${today}`);
    const written = await admin.ask('POST', `/${name}/_doc`, { timestamp: '2026-03-01T00:00:00Z' });
    expect(written.status, JSON.stringify(written.body)).to.equal(400);
    expect(await count(name)).to.equal(forms.length);
  });

  it('makes nothing where the cluster has no room for a shard a day, and says how to go back', async () => {
    await seed();
    await admin.must('PUT', '/_cluster/settings', { transient: { 'cluster.max_shards_per_node': 1 } });
    try {
      const explained = await gateway(['es', 'init', '--migrate'], env);
      expect(explained.stdout).to.match(/room for 0 more shards .* and \d+ are needed/).and.match(/undone by deleting the daily indices/);
      const { code, json } = await gatewayJson(['es', 'init', '--migrate', '--yes'], env);
      expect(code).to.equal(1);
      expect(at(json, 'error', 'code')).to.equal('es_migrate_no_room');
      expect(at(json, 'error', 'fix')).to.match(/cluster\.max_shards_per_node":\d+/);
      expect(await admin.must('GET', `/_resolve/index/${name}*`)).to.have.property('indices').with.length(1);
      expect(await blocked()).to.equal(false);
    } finally {
      await admin.must('PUT', '/_cluster/settings', { transient: { 'cluster.max_shards_per_node': null } });
    }
  });

  it('draws its progress on a terminal', async () => {
    await seed();
    const { code, stdout } = await gatewayOnTerminal(['es', 'init', '--migrate', '--yes'], env);
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/copy \[#+-+\] 37 % \(1000 of 2700\)/).and.match(/copy \[#+\] 100 % \(2700 of 2700\)/).and.match(/compare \[#+\] 100 % \(2700 of 2700\)/);
  });

  it('goes on where it was stopped, block lifted meanwhile', async () => {
    await seed();
    const stopping = await failingAfter('/_bulk', 1);
    const stopped = await gatewayJson(['es', 'init', '--migrate', '--yes'], { ...env, ELASTICSEARCH_URL: stopping });
    expect(stopped.code).to.equal(1);
    expect(at(stopped.json, 'error', 'message')).to.match(/the copy stopped/);
    expect(at(stopped.json, 'error', 'fix')).to.match(/goes on where it stopped/);
    expect(await blocked()).to.equal(false);
    const { code, json } = await gatewayJson(['es', 'init', '--migrate', '--yes', '--delete-old'], env);
    expect(code, JSON.stringify(json)).to.equal(0);
    expect(json['migration']).to.include({ present: 1000, copied: 1701, missing: 0, swapped: true });
    expect(await count(name)).to.equal(2701);
  });

  it('may run twice at once', async () => {
    await seed();
    const both = await Promise.all([1, 2].map(() => gatewayJson(['es', 'init', '--migrate', '--yes'], env)));
    for (const { code, json } of both) expect(code, JSON.stringify(json)).to.equal(0);
    for (const day of DAYS) expect(await count(`${name}-${day}`)).to.equal(PER_DAY);
  });

  it('deletes nothing while a record could not be moved, and names it', async () => {
    await admin.must('PUT', `/${name}/_doc/undated?refresh=true`, { provider: 'openai' });
    await admin.must('PUT', `/${name}/_doc/wrong?refresh=true`, { timestamp: '2026-01-01T00:00:00Z', cost: 'a lot' });
    await admin.must('PUT', `/${name}/_doc/good?refresh=true`, { timestamp: '2026-01-01T00:00:00Z', cost: '0.5' });
    const { code, stdout } = await gateway(['es', 'init', '--migrate', '--yes', '--delete-old'], env);
    expect(code).to.equal(1);
    expect(stdout).to.match(/1 record copied, 0 were there already, 2 refused/).and.match(/refused: undated \(it has no timestamp/).and.match(/refused: wrong \((document|mapper)_parsing_exception/).and.match(/nothing was deleted/);
    expect(await count(name)).to.equal(3);
    expect(await blocked()).to.equal(false);
  });

  it('keeps a template that is not ours until --force', async () => {
    await seed();
    await admin.must('PUT', `/_index_template/${name}-template`, { index_patterns: [`${name}*`], template: { settings: { 'index.lifecycle.name': 'another-policy' } } });
    const kept = await gatewayJson(['es', 'init', '--migrate', '--yes'], env);
    expect(kept.code).to.equal(1);
    expect(at(kept.json, 'error', 'code')).to.equal('es_migrate_conflict');
    expect(await admin.must('GET', `/_resolve/index/${name}*`)).to.have.property('indices').with.length(1);
    const forced = await gatewayJson(['es', 'init', '--migrate', '--yes', '--force'], env);
    expect(forced.json['migration'], JSON.stringify(forced.json)).to.include({ copied: 2700, missing: 0 });
  });

  it('extends the template of a guide that only names the policy', async () => {
    await seed();
    await admin.must('PUT', `/_index_template/${name}-template`, { index_patterns: [`${name}*`], template: { settings: { 'index.lifecycle.name': `${name}-policy` } } });
    const { json } = await gatewayJson(['es', 'init', '--migrate', '--yes'], env);
    expect(json['migration'], JSON.stringify(json)).to.include({ copied: 2700, missing: 0 });
  });

  it('asks for its privileges before it changes anything', async () => {
    await seed();
    const user = await admin.user(`${name}-user`, ['monitor', 'manage_ilm', 'manage_index_templates'], [{ names: [`${name}*`], privileges: ['read', 'view_index_metadata'] }]);
    try {
      const { code, json } = await gatewayJson(['es', 'init', '--migrate', '--yes'], { ...env, ELASTICSEARCH_USERNAME: user.username, ELASTICSEARCH_PASSWORD: user.password });
      expect(code).to.equal(1);
      expect(at(json, 'error', 'message')).to.match(/index privilege create_doc, manage on .* nothing was changed/);
    } finally {
      await admin.dropUser(user.username);
    }
  });

  it('has nothing to do where NAME is no index', async () => {
    const { code, stdout } = await gateway(['es', 'init', '--migrate', '--yes'], env);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `${name} is not an index, so there is nothing to move\n` });
  });

  /** The real cluster, but a path that is refused for good after some requests. */
  async function failingAfter(path: string, good: number): Promise<string> {
    const target = new URL(cluster().url);
    let seen = 0;
    const server = createServer((request, response) => {
      if (request.url?.startsWith(path) === true && seen++ >= good) {
        request.resume();
        response.writeHead(403, { 'content-type': 'application/json' }).end('{"error":{"type":"security_exception","reason":"stopped by the test"},"status":403}');
        return;
      }
      const { host: _, ...headers } = request.headers;
      request.pipe(forward({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }
});
