import { expect } from 'chai';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import type { CheckContext, ExporterState } from '../../../src/elastic/checks/check.js';
import { runChecks, type CheckResult, type RunOptions } from '../../../src/elastic/checks/run-checks.js';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import { applyPlan } from '../../../src/elastic/init-apply.js';
import { planInit } from '../../../src/elastic/init-plan.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { at } from '../../../src/elastic/json.js';
import { writerRole } from '../../../src/elastic/roles.js';
import { until } from '../../support/proxy-harness.js';
import { Admin, cluster, configOf, freshName } from './cluster.js';

const { cluster: WRITER_CLUSTER, indices: [{ privileges: WRITER_INDEX }] } = writerRole('any');

const shardsCapacity = (report: unknown): unknown => at(report, 'indicators', 'shards_capacity', 'status');

describe('es verify on a real cluster', () => {
  const admin = new Admin();
  const now = Date.now();
  const names: string[] = [];
  const users: string[] = [];
  const open: Elastic[] = [];
  let name = '';

  beforeEach(() => {
    name = freshName();
    names.push(name);
  });
  after(async () => {
    for (const each of open) await each.close();
    for (const user of users) await admin.dropUser(user);
    for (const each of names) await admin.drop(each);
    await admin.elastic.close();
  });

  const init = async (): Promise<void> => { await applyPlan(admin.elastic, await planInit(admin.elastic, { index: name }, { now })); };
  const verify = async (overrides: Partial<ElasticsearchConfig> = {}, options: RunOptions = {}, extra: Partial<CheckContext> = {}): Promise<Record<string, CheckResult>> => {
    const config = configOf({ index: name, ...overrides });
    const elastic = createElastic(config);
    open.push(elastic);
    const context: CheckContext = { elastic, config, now: Date.now, timeoutMs: 5000, connect: (url) => createElastic({ ...config, urls: [url] }), ...extra };
    return Object.fromEntries((await runChecks(context, options)).map((result) => [result.id, result]));
  };
  const statuses = (results: Record<string, CheckResult>): Record<string, string> => Object.fromEntries(Object.values(results).map((result) => [result.id, result.status]));
  const watermarks = async (free: Readonly<Record<'low' | 'high' | 'flood_stage', string | null>>): Promise<void> => {
    await admin.must('PUT', '/_cluster/settings', { transient: Object.fromEntries(Object.entries(free).map(([stage, value]) => [`cluster.routing.allocation.disk.watermark.${stage}`, value])) });
  };
  const writer = async (cluster = WRITER_CLUSTER, privileges = WRITER_INDEX): Promise<{ username: string; password: string }> => {
    const user = `${name}-user-${String(users.length)}`;
    users.push(user);
    return admin.user(user, cluster, [{ names: [name, `${name}-*`], privileges }]);
  };

  it('passes after es init, for the superuser and for a least-privilege writer', async () => {
    await init();
    for (const who of [{}, await writer()]) {
      const results = await verify(who);
      expect(Object.values(results).filter((result) => result.status === 'fail' || (result.status === 'warn' && !['disk', 'health'].includes(result.id)))).to.deep.equal([]);
      expect(statuses(results)).to.include({ settings: 'ok', dns: 'ok', tcp: 'ok', tls: 'ok', http: 'ok', elasticsearch: 'ok', authentication: 'ok', version: 'ok', privileges: 'ok', layout: 'ok', policy: 'ok', template: 'ok', mapping: 'ok', alias: 'ok', blocks: 'ok', write: 'ok', newest: 'ok', clock: 'ok' });
      expect(results['write']?.message).to.match(/stored nothing/);
    }
    await admin.must('POST', `/${name}/_refresh`);
    expect(at(await admin.must('GET', `/${name}/_count`), 'count')).to.equal(0);
  });

  it('shows the newest five records', async () => {
    await init();
    for (let i = 0; i < 7; i++) await admin.must('PUT', `/${name}-${utcDate(now)}/_create/r${String(i)}?refresh=true`, { timestamp: `2026-01-0${String(i + 1)}T00:00:00.000Z`, provider: 'openai', model: `m${String(i)}\u001b[31m`, status_code: 200 });
    const { newest } = await verify({}, { only: ['newest'] });
    expect(newest?.message).to.match(/^7 records/).and.match(/m6\?\[31m 200; .*m2\?/).and.not.match(/m1/);
  });

  it('names closed days, indices that nothing deletes, and those of others behind the alias', async () => {
    await init();
    const days = ['2026-01-01', '2026-01-02'].map((day) => `${name}-${day}`);
    for (const day of days) await admin.must('PUT', `/${day}`);
    await admin.must('PUT', `/${days[0] ?? ''}/_settings`, { 'index.lifecycle.name': null });
    const { policy, alias } = await verify({}, { only: ['policy', 'alias'] });
    expect(policy).to.include({ status: 'warn' });
    expect(policy?.message).to.equal(`nothing ever deletes ${days[0] ?? ''}: the index has no lifecycle policy`);
    expect(policy?.fix).to.include(`PUT ${days[0] ?? ''}/_settings {"index.lifecycle.name":"${name}-policy"}`);
    expect(alias).to.include({ status: 'ok' });
    await admin.must('POST', `/${days[1] ?? ''}/_close`);
    const closed = (await verify({}, { only: ['alias'] }))['alias'];
    expect(closed).to.include({ status: 'warn', fix: `POST ${days[1] ?? ''}/_open` });
    await admin.must('POST', `/${days[1] ?? ''}/_open`);
    await admin.must('PUT', `/${days[1] ?? ''}/_settings`, { 'index.blocks.metadata': true });
    const blocked = (await verify({}, { only: ['alias'] }))['alias'];
    expect(blocked).to.include({ status: 'warn', fix: `PUT ${days[1] ?? ''}/_settings {"index.blocks.metadata":null}` });
    await admin.must('PUT', `/${days[1] ?? ''}/_settings`, { 'index.blocks.metadata': null });
    await admin.must('PUT', `/${name}-others`);
    await admin.must('POST', '/_aliases', { actions: [{ add: { index: `${name}-others`, alias: name } }] });
    expect((await verify({}, { only: ['alias'] }))['alias']).to.include({ status: 'warn' }).and.have.property('message').that.includes(`${name}-others`);
  });

  it('fails where the alias has a filter, which es init --force takes away', async () => {
    await init();
    await admin.must('POST', '/_aliases', { actions: [{ add: { index: `${name}-${utcDate(now)}`, alias: name, filter: { term: { provider: 'openai' } } } }] });
    const { alias } = await verify({}, { only: ['alias'] });
    expect(alias).to.include({ status: 'fail', fix: 'Run `gateway es init --force`.' });
    await applyPlan(admin.elastic, await planInit(admin.elastic, { index: name }, { now, force: true }));
    expect((await verify({}, { only: ['alias'] }))['alias']).to.include({ status: 'ok' });
  });

  it('fails where template or index define a field in another way, whatever its type', async () => {
    await init();
    await admin.must('DELETE', `/${name}-${utcDate(now)}`);
    const edited = await admin.template(name);
    edited.template.mappings.properties['timestamp'] = { type: 'date', format: 'epoch_millis' };
    await admin.must('PUT', `/_index_template/${name}-template`, edited);
    const only = { only: ['template', 'mapping', 'write'] };
    expect(statuses(await verify({}, only))).to.include({ template: 'fail' });
    await admin.must('PUT', `/${name}-${utcDate(now)}`);
    const { mapping } = await verify({}, only);
    expect(mapping).to.include({ status: 'fail' });
    expect(mapping?.message).to.match(/timestamp is date with format "epoch_millis"/);
  });

  it('names the ingest pipelines of template and of today', async () => {
    await init();
    const edited = await admin.template(name);
    edited.template.settings = { ...(edited.template.settings as object), 'index.default_pipeline': 'not-there' };
    await admin.must('PUT', `/_index_template/${name}-template`, edited);
    await admin.must('PUT', `/${name}-${utcDate(now)}/_settings`, { 'index.default_pipeline': 'not-there' });
    const results = await verify({}, { only: ['template', 'blocks', 'write'] });
    expect(statuses(results)).to.deep.equal({ template: 'warn', blocks: 'warn', write: 'fail' });
    for (const id of ['template', 'blocks', 'write']) expect(results[id]?.message, id).to.include('not-there (index.default_pipeline)');
    expect(results['blocks']?.fix).to.include(`PUT ${name}-${utcDate(now)}/_settings {"index.default_pipeline":null}`);
  });

  it('says what is missing before es init, and writes nothing there', async () => {
    const results = await verify();
    expect(statuses(results)).to.include({ layout: 'ok', policy: 'fail', template: 'fail', mapping: 'ok', write: 'skip', newest: 'ok' });
    expect(results['policy']?.fix).to.match(/gateway es init/);
    expect((await admin.ask('GET', `/${name}-${utcDate(now)}`)).status).to.equal(404);
  });

  it('tells a wrong password, missing credentials and a wrong key apart', async () => {
    const wrong = await verify({ password: 'wrong' });
    expect(wrong['authentication']).to.include({ status: 'fail' });
    expect(wrong['authentication']?.message).to.match(/password is wrong for elastic/);
    expect(wrong['layout']?.message).to.match(/needs the check authentication/);
    const { username: _, password: __, ...anonymous } = configOf({ index: name });
    const elastic = createElastic(anonymous);
    open.push(elastic);
    expect((await verify({}, {}, { elastic, config: anonymous }))['authentication']?.message).to.match(/none are set/);
    const key = { ...anonymous, apiKey: Buffer.from('no:such-key').toString('base64') };
    const keyed = createElastic(key);
    open.push(keyed);
    expect((await verify({}, {}, { elastic: keyed, config: key }))['authentication']?.message).to.match(/API key was refused/);
  });

  it('tells an expired and a revoked API key apart', async () => {
    const { username: _, password: __, ...anonymous } = configOf({ index: name });
    const authenticate = async (apiKey: string): Promise<CheckResult | undefined> => {
      const config = { ...anonymous, apiKey };
      const elastic = createElastic(config);
      open.push(elastic);
      return (await verify({}, { only: ['authentication'] }, { elastic, config }))['authentication'];
    };
    const make = async (body: object): Promise<{ id: string; apiKey: string }> => {
      const made = await admin.must('POST', '/_security/api_key', { name, ...body }) as { id: string; api_key: string };
      return { id: made.id, apiKey: Buffer.from(`${made.id}:${made.api_key}`).toString('base64') };
    };
    const revoked = await make({});
    const good = await authenticate(revoked.apiKey);
    expect(good).to.include({ status: 'ok' });
    expect(good?.message).to.match(/^API key .*of elastic$/); // 7.17 does not tell its name
    await admin.must('DELETE', '/_security/api_key', { ids: [revoked.id] });
    expect((await authenticate(revoked.apiKey))?.message).to.match(/the API key was revoked/);
    const short = await make({ expiration: '1s' });
    await new Promise((resolve) => { setTimeout(resolve, 1500); }); // the server takes no time in the past
    expect((await authenticate(short.apiKey))?.message).to.match(/the API key has expired/);
  });

  it('names the privileges that export or search lack', async () => {
    await init();
    const reader = await verify(await writer(['monitor'], ['read', 'view_index_metadata']));
    expect(reader['privileges']).to.include({ status: 'fail' });
    expect(reader['privileges']?.message).to.match(/create_doc, auto_configure on/);
    expect(reader['write']).to.include({ status: 'fail' });
    expect(reader['write']?.message).to.match(/unauthorized/);
    const blind = await verify(await writer([], ['create_doc', 'auto_configure']));
    expect(blind['privileges']?.message).to.match(/cluster privilege monitor and index privilege view_index_metadata, read/);
    expect(blind['layout']?.message).to.match(/hides/);
    expect(statuses(blind)).to.include({ health: 'warn', version: 'warn', disk: 'warn', clock: 'skip', write: 'skip' });
    const unpolicied = await verify(await writer(['monitor']));
    expect(unpolicied['privileges']).to.include({ status: 'warn' });
    expect(unpolicied['policy']?.message).to.match(/may not read the policy/);
  });

  it('fails on a mapping that was guessed, and stores nothing there', async () => {
    const index = `${name}-${utcDate(now)}`;
    await admin.must('POST', `/${index}/_doc?refresh=true`, { timestamp: 'yesterday', provider: 'openai' });
    const results = await verify();
    expect(results['mapping']).to.include({ status: 'fail' });
    expect(results['mapping']?.message).to.match(/timestamp is text, documented date/);
    expect(results['alias']?.message).to.match(/outside the alias/);
    expect(statuses(results)).to.include({ write: 'skip' });
    expect(at(await admin.must('GET', `/${index}/_count`), 'count')).to.equal(1);
  });

  it('tells a dynamic mapping, an edited policy and a damaged template', async () => {
    await init();
    await admin.must('PUT', `/${name}-${utcDate(now)}/_mapping`, { dynamic: true });
    await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy: { phases: { delete: { min_age: '90d', actions: { delete: {} } } } } });
    await admin.must('PUT', `/_index_template/${name}-template`, { index_patterns: [`${name}*`], priority: 300 });
    const results = await verify();
    expect(results['mapping']).to.include({ status: 'warn' });
    expect(results['mapping']?.message).to.match(/dynamic is true/);
    expect(results['policy']).to.include({ status: 'warn' });
    expect(results['policy']?.message).to.match(/min_age/);
    expect(results['template']).to.include({ status: 'fail' });
    expect(results['template']?.fix).to.match(/--force/);
  });

  it('tells a template that outranks ours', async () => {
    await init();
    await admin.must('PUT', `/_index_template/${name}-rival`, { index_patterns: [`${name}-2*`], priority: 9000 });
    const results = await verify({}, { only: ['template'] });
    await admin.must('DELETE', `/_index_template/${name}-rival`);
    expect(results['template']).to.include({ status: 'fail' });
    expect(results['template']?.message).to.include(`${name}-rival`);
  });

  it('warns of the lifecycle trap, and refuses daily beside an index of that name', async () => {
    await admin.must('PUT', `/${name}`, {});
    expect((await verify({}, { only: ['layout'] }))['layout']).to.include({ status: 'warn' });
    const refused = (await verify({ layout: 'daily' }, { only: ['layout'] }))['layout'];
    expect(refused).to.include({ status: 'fail' });
    expect(refused?.message).to.match(/concrete index/);
  });

  it('tells a write block, a full disk, a read block and a closed index apart', async () => {
    await init();
    const index = `${name}-${utcDate(now)}`;
    const blocked = async (block: string): Promise<Record<string, CheckResult>> => {
      await admin.must('PUT', `/${index}/_settings`, { [`index.blocks.${block}`]: true });
      const results = await verify();
      await admin.must('PUT', `/${index}/_settings`, { [`index.blocks.${block}`]: null });
      return results;
    };
    const write = await blocked('write');
    expect(write['blocks']?.message).to.match(/may not be written to \(index\.blocks\.write\)/);
    expect(write['write']?.message).to.match(/FORBIDDEN\/8/);
    const only = await blocked('read_only');
    expect(only['blocks']?.message).to.match(/may not be written to \(index\.blocks\.read_only\)/);
    expect(only['blocks']?.fix).to.equal(`PUT ${index}/_settings {"index.blocks.read_only":null}`);
    expect(only['write']?.message).to.match(/FORBIDDEN\/5/);
    const full = await blocked('read_only_allow_delete');
    expect(full['blocks']?.fix).to.match(/Free disk space/);
    expect(full['write']?.fix).to.match(/disk is full/);
    const read = await blocked('read');
    expect(read['blocks']).to.include({ status: 'warn' });
    expect(read['newest']).to.include({ status: 'fail' });
    await admin.must('POST', `/${index}/_close`);
    const closed = await verify();
    expect(closed['blocks']?.message).to.equal(`${index} is closed`);
    expect(closed['write']?.fix).to.match(/_open/);
    await admin.must('POST', `/${index}/_open`);
    expect((await verify())['write']).to.include({ status: 'ok' });
  });

  it('tells a cluster that is read-only, with the request that lifts it', async () => {
    await init();
    for (const source of ['persistent', 'transient']) {
      await admin.must('PUT', '/_cluster/settings', { [source]: { 'cluster.blocks.read_only': true } });
      let fix = '';
      try {
        const { blocks, write } = await verify({}, { only: ['blocks', 'write'] });
        expect(blocks).to.include({ status: 'fail', message: 'the whole cluster is read-only (cluster.blocks.read_only)' });
        expect(write).to.include({ status: 'fail' });
        fix = blocks?.fix ?? '';
      } finally {
        const [, path = '', body = ''] = /^PUT (\S+) (\{.*\})$/.exec(fix) ?? [];
        await admin.ask('PUT', `/${path}`, body);
        const left = await admin.must('PUT', '/_cluster/settings', { [source]: { 'cluster.blocks.read_only': null } });
        expect(left).to.have.property('acknowledged', true);
      }
      expect(fix).to.equal(`PUT _cluster/settings {"${source}":{"cluster.blocks.read_only":null}}`);
    }
    expect(statuses(await verify({}, { only: ['blocks', 'write'] }))).to.deep.equal({ blocks: 'ok', write: 'ok' });
  });

  it('tells a template that is gone while policy and indices are still there', async () => {
    await init();
    await admin.must('DELETE', `/_index_template/${name}-template`);
    const results = await verify();
    expect(statuses(results)).to.include({ layout: 'ok', policy: 'ok', template: 'fail', mapping: 'ok', alias: 'ok', write: 'skip' });
    expect(results['template']).to.include({ message: `${name}-template is not there: new indices would be mapped by guessing`, fix: 'Run `gateway es init`.' });
  });

  it('tells a lifecycle that was stopped, and one that is stuck, each with the request that fixes it', async () => {
    await init();
    // The bare test distribution runs no lifecycle, so these two answers are as Elasticsearch documents them.
    const answering = (path: string, body: unknown): Elastic => ({ ...admin.elastic, request: async (request) => {
      if (request.path !== path) return admin.elastic.request(request);
      return { ...await admin.elastic.request({ method: 'GET', path: '/' }), body };
    } });
    const stopped = (await verify({}, { only: ['policy'] }, { elastic: answering('/_ilm/status', { operation_mode: 'STOPPED' }) }))['policy'];
    expect(stopped).to.include({ status: 'warn', fix: 'POST _ilm/start' }).with.property('message').that.matches(/lifecycle management is STOPPED/);
    const index = `${name}-${utcDate(now)}`;
    const stuck = (await verify({}, { only: ['policy'] }, { elastic: answering(`/${name}/_ilm/explain`, { indices: { [index]: { index, managed: true, step: 'ERROR' } } }) }))['policy'];
    expect(stuck).to.include({ status: 'warn', message: `the lifecycle is stuck for ${index}` }).with.property('fix').that.includes(`POST ${index}/_ilm/retry`);
  });

  it('tells red and yellow health', async () => {
    await admin.must('PUT', `/${name}`, { settings: { 'index.number_of_shards': 1, 'index.number_of_replicas': 1 } });
    const yellow = (await verify({}, { only: ['health'] }))['health'];
    expect(yellow).to.include({ status: 'warn' });
    expect(yellow?.message).to.match(/^yellow/);
    await admin.must('PUT', `/${name}-red?wait_for_active_shards=0`, { settings: { 'index.routing.allocation.require._name': 'nobody' } });
    const red = (await verify({}, { only: ['health'] }))['health'];
    await admin.must('DELETE', `/${name}-red`);
    expect(red).to.include({ status: 'fail' });
    expect(red?.message).to.match(/^red/);
  });

  it('gives the server\'s own diagnosis of what is not green, where it has one', async () => {
    await admin.must('PUT', '/_cluster/settings', { transient: { 'cluster.max_shards_per_node': 1 } });
    try {
      if ((await admin.version()) === 7) {
        expect((await verify({}, { only: ['health'] }))['health']?.message).to.match(/unassigned shards?$/);
        return;
      }
      // The server's report follows its settings a moment later.
      await until(async () => shardsCapacity(await admin.must('GET', '/_health_report')) !== 'green');
      const { health } = await verify({}, { only: ['health'] });
      expect(health?.status).to.be.oneOf(['warn', 'fail']);
      expect(health?.message).to.match(/unassigned shards?; .*shards_capacity: \S/);
      expect(health?.fix).to.match(/\S/).and.not.match(/_cluster\/allocation\/explain/);
    } finally {
      await admin.must('PUT', '/_cluster/settings', { transient: { 'cluster.max_shards_per_node': null } });
      if ((await admin.version()) !== 7) await until(async () => shardsCapacity(await admin.must('GET', '/_health_report')) === 'green');
    }
  });

  it('passes on green health, and on disks with room', async () => {
    await init();
    // Of this test's own index, whatever others leave in the cluster.
    const narrowed: Readonly<Record<string, string>> = { '/_cluster/health': `/_cluster/health/${name}-*`, '/_health_report': '/_health_report/master_is_stable' };
    const elastic: Elastic = { ...admin.elastic, request: (request) => admin.elastic.request({ ...request, path: narrowed[request.path] ?? request.path }) };
    const { health } = await verify({}, { only: ['health'] }, { elastic });
    expect(health).to.include({ status: 'ok' });
    expect(health?.message).to.match(/^green, 1 node, 0 unassigned shards$/);
    await watermarks({ low: '1b', high: '1b', flood_stage: '1b' });
    try {
      const { disk } = await verify({}, { only: ['disk'] });
      expect(disk).to.include({ status: 'ok' });
      expect(disk?.message).to.match(/has [\d.]+ of [\d.]+ GiB free$/);
    } finally {
      await watermarks({ low: null, high: null, flood_stage: null });
    }
  });

  it('warns where the cluster lets everybody in without a name', async () => {
    const elastic: Elastic = { ...admin.elastic, request: async (request) => {
      const answer = await admin.elastic.request(request);
      return request.path === '/_security/_authenticate' ? { ...answer, body: { username: '_anonymous', roles: ['superuser'], authentication_type: 'anonymous' } } : answer;
    } };
    const { authentication } = await verify({}, { only: ['authentication'] }, { elastic });
    expect(authentication).to.include({ status: 'warn' });
    expect(authentication?.message).to.match(/lets everybody in as _anonymous/);
  });

  it('tells a disk over the watermarks', async () => {
    try {
      await watermarks({ low: '9tb', high: '1b', flood_stage: '1b' });
      const low = (await verify({}, { only: ['disk'] }))['disk'];
      expect(low).to.include({ status: 'warn' });
      expect(low?.message).to.match(/over the low watermark/);
      await watermarks({ low: '9tb', high: '9tb', flood_stage: '9tb' });
      const { disk } = await verify({}, { only: ['disk'] });
      expect(disk).to.include({ status: 'fail' });
      expect(disk?.message).to.match(/flood stage/);
    } finally {
      await watermarks({ low: null, high: null, flood_stage: null });
    }
  });

  it('really writes, finds and deletes with --canary, where the privileges allow', async () => {
    await init();
    const done = await verify({}, { canary: true });
    expect(done['canary']?.message).to.match(/written to .* found by search in .* deleted/);
    await admin.must('POST', `/${name}/_refresh`);
    expect(at(await admin.must('GET', `/${name}/_count`), 'count')).to.equal(0);
    const short = await verify(await writer(), { canary: true });
    expect(short['canary']).to.include({ status: 'fail' });
    expect(short['canary']?.message).to.match(/index privilege delete/);
    expect(await verify()).not.to.have.property('canary');
  });

  it('fails the canary where a search does not find what was written', async () => {
    await init();
    const index = `${name}-${utcDate(now)}`;
    await admin.must('POST', '/_aliases', { actions: [{ remove: { index, alias: name } }] });
    const { canary } = await verify({}, { canary: true, only: ['canary'] });
    expect(canary).to.include({ status: 'fail' });
    expect(canary?.message).to.match(/a search in .* does not find it/);
    expect(at(await admin.must('GET', `/${index}/_count`), 'count')).to.equal(0);
  });

  it('passes on a data stream, before and after its first record, where the server has them', async () => {
    if ((await admin.version()) === 7) {
      expect((await verify({ layout: 'data-stream' }, { only: ['layout'] }))['layout']?.message).to.match(/needs Elasticsearch 8 or 9/);
      return;
    }
    await applyPlan(admin.elastic, await planInit(admin.elastic, { index: name, layout: 'data-stream' }, { now }));
    const ids = ['layout', 'policy', 'template', 'mapping', 'alias', 'blocks', 'write', 'newest', 'canary'];
    for (let round = 0; round < 2; round++) {
      const seen = statuses(await verify({ layout: 'data-stream' }, { only: ids, canary: true }));
      expect(seen).to.deep.equal({ layout: 'ok', policy: 'ok', template: 'ok', mapping: 'ok', alias: 'skip', blocks: 'ok', write: 'ok', newest: 'ok', canary: 'ok' });
    }
    expect(await admin.must('GET', `/_resolve/index/${name}*`)).to.have.property('data_streams').with.length(1);
  });

  it('leaves out what writes with --no-write', async () => {
    expect((await verify({}, { noWrite: true, only: ['write'] }))['write']).to.include({ status: 'skip' });
  });

  it('says how far the exporter is behind', async () => {
    const state: ExporterState = { enabled: true, behindBytes: 0, retryBytes: 0, deadLetters: 0, dir: '/log' };
    const ask = async (changes: Partial<ExporterState>): Promise<CheckResult | undefined> =>
      (await verify({}, { only: ['exporter'] }, { exporter: () => Promise.resolve({ ...state, ...changes }) }))['exporter'];
    expect(await ask({})).to.include({ status: 'ok' });
    expect(await ask({ behindBytes: 3000, oldestMs: 2000 })).to.include({ status: 'ok' });
    expect(await ask({ behindBytes: 3000, oldestMs: 600_000 })).to.include({ status: 'fail' });
    expect(await ask({ behindBytes: 3000, oldestMs: 600_000, enabled: false })).to.include({ status: 'warn' });
    expect(await ask({ deadLetters: 2 })).to.include({ status: 'warn' });
  });

  it('tells a clock that is off', async () => {
    const results = await verify({}, { only: ['clock'] }, { now: () => Date.now() - 3_600_000 });
    expect(results['clock']).to.include({ status: 'warn' });
    expect(results['clock']?.message).to.match(/ahead of this machine/);
  });

  it('tells one dead node among several', async () => {
    const results = await verify({ urls: [cluster().url, 'http://127.0.0.1:1'] }, { only: ['tcp', 'http'] });
    expect(results['http']).to.include({ status: 'ok' });
    expect(results['tcp']).to.include({ status: 'warn' });
    expect(results['tcp']?.message).to.match(/1 of 2 addresses.*nothing listens on 127\.0\.0\.1:1/);
  });

  it('tells the transport port', async () => {
    const nodes = await admin.must('GET', '/_nodes/_local/transport') as { nodes: Record<string, { transport_address: string }> };
    const address = Object.values(nodes.nodes)[0]?.transport_address ?? '';
    for (const [scheme, layer] of [['http', 'http'], ['https', 'tls']] as const) {
      expect((await verify({ urls: [`${scheme}://${address}`] }))[layer]?.message).to.match(/transport port/);
    }
  });

  it('tells https on a port that speaks plain HTTP', async () => {
    const { tls, elasticsearch } = await verify({ urls: [cluster().url.replace('http:', 'https:')] });
    expect(tls?.message).to.match(/speaks plain HTTP, and ELASTICSEARCH_URL says https/);
    expect(elasticsearch).to.include({ status: 'skip' });
  });
});
