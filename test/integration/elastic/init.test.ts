import { expect } from 'chai';
import { RECORD_FIELDS } from '../../../src/domain/record-fields.js';
import { applyPlan } from '../../../src/elastic/init-apply.js';
import { planInit } from '../../../src/elastic/init-plan.js';
import type { InitPlan } from '../../../src/elastic/init-step.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { at } from '../../../src/elastic/json.js';
import { adminRole, writerRole } from '../../../src/elastic/roles.js';
import { createElastic, ElasticUnreachable, type ElasticRequest } from '../../../src/elastic/client.js';
import { Failure } from '../../../src/domain/failure.js';
import { Admin, configOf, freshName } from './cluster.js';

const actions = (plan: InitPlan): Record<string, string> => Object.fromEntries(plan.steps.map((step) => [step.id, step.action]));
const detail = (plan: InitPlan, id: string): string => plan.steps.find((step) => step.id === id)?.detail ?? '';
const documented = Object.fromEntries(RECORD_FIELDS.map((field) => [field.name, { type: field.type }]));

describe('es init on a real cluster', () => {
  const admin = new Admin();
  const now = Date.now();
  const today = utcDate(now);
  let name = '';
  const names: string[] = [];

  beforeEach(() => {
    name = freshName();
    names.push(name);
  });
  after(async () => {
    for (const each of names) await admin.drop(each);
    await admin.elastic.close();
  });

  const plan = (options: { layout?: 'daily' | 'single' | 'data-stream'; force?: boolean; now?: number; index?: string } = {}): Promise<InitPlan> =>
    planInit(admin.elastic, { index: options.index ?? name, ...(options.layout !== undefined && { layout: options.layout }) }, { now: options.now ?? now, force: options.force ?? false });

  it('makes policy, template and today\'s index behind the alias, and finds nothing to do the second time', async () => {
    const first = await plan();
    expect(actions(first)).to.deep.equal({ layout: 'unchanged', policy: 'create', template: 'create', index: 'create', alias: 'unchanged', mapping: 'unchanged' });
    expect(await applyPlan(admin.elastic, first)).to.equal(true);
    const second = await plan();
    expect(new Set(Object.values(actions(second)))).to.deep.equal(new Set(['unchanged']));
    expect(await applyPlan(admin.elastic, second)).to.equal(false);

    const mapping = await admin.must('GET', `/${name}/_mapping`);
    expect(mapping).to.deep.equal({ [`${name}-${today}`]: { mappings: { dynamic: 'false', properties: documented } } });
    const settings = at(await admin.must('GET', `/${name}-${today}/_settings`), `${name}-${today}`, 'settings', 'index');
    expect(at(settings, 'lifecycle', 'name')).to.equal(`${name}-policy`);
    expect(at(settings, 'codec')).to.equal('best_compression');
    expect(at(settings, 'refresh_interval')).to.equal('5s');
    expect(at(settings, 'auto_expand_replicas')).to.equal('0-1');
    const policy = at(await admin.must('GET', `/_ilm/policy/${name}-policy`), `${name}-policy`, 'policy', 'phases');
    expect(at(policy, 'delete', 'min_age')).to.equal('30d');
    expect(at(policy, 'hot', 'actions')).to.deep.equal({});
  });

  it('plans without writing anything', async () => {
    const planned = await plan();
    expect(planned.steps.flatMap((step) => step.requests.map((request) => `${request.method} ${request.path}`))).to.deep.equal([
      `PUT /_ilm/policy/${name}-policy`, `PUT /_index_template/${name}-template`, `PUT /${name}-${today}`,
    ]);
    for (const path of [`/_ilm/policy/${name}-policy`, `/_index_template/${name}-template`, `/${name}-${today}`]) {
      expect((await admin.ask('GET', path)).status, path).to.equal(404);
    }
  });

  it('keeps an edited policy until --force, and does the rest', async () => {
    await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy: { phases: { delete: { min_age: '90d', actions: { delete: {} } } } } });
    const first = await plan();
    expect(actions(first)).to.include({ policy: 'conflict', template: 'create', index: 'create' });
    expect(detail(first, 'policy')).to.match(/phases\.delete\.min_age: found "90d", documented "30d"/).and.match(/--force/);
    await applyPlan(admin.elastic, first);
    expect(at(await admin.must('GET', `/_ilm/policy/${name}-policy`), `${name}-policy`, 'policy', 'phases', 'delete', 'min_age')).to.equal('90d');
    const forced = await plan({ force: true });
    expect(actions(forced)).to.include({ policy: 'update', template: 'unchanged' });
    await applyPlan(admin.elastic, forced);
    expect(at(await admin.must('GET', `/_ilm/policy/${name}-policy`), `${name}-policy`, 'policy', 'phases', 'delete', 'min_age')).to.equal('30d');
    expect(actions(await plan())).to.include({ policy: 'unchanged' });
  });

  it('makes no index under a template that somebody has edited', async () => {
    await applyPlan(admin.elastic, { ...(await plan()), steps: (await plan()).steps.filter((step) => step.id !== 'index') });
    const template = await admin.template(name);
    template.template.mappings.properties['model'] = { type: 'text' };
    await admin.must('PUT', `/_index_template/${name}-template`, template);
    const found = await plan();
    expect(actions(found)).to.include({ template: 'conflict', index: 'conflict' });
    expect(detail(found, 'template')).to.match(/mappings\.properties\.model\.type: found "text", documented "keyword"/);
    expect(await applyPlan(admin.elastic, found)).to.equal(false);
    await applyPlan(admin.elastic, await plan({ force: true }));
    expect(new Set(Object.values(actions(await plan())))).to.deep.equal(new Set(['unchanged']));
  });

  it('upgrades what an older gateway made, and leaves what a newer one made', async () => {
    await applyPlan(admin.elastic, await plan({ layout: 'single' }));
    await admin.must('DELETE', `/${name}`);
    const otherLayout = await plan({ layout: 'daily' });
    expect(actions(otherLayout)).to.include({ template: 'update' });
    await applyPlan(admin.elastic, otherLayout);
    expect(actions(await plan())).to.include({ template: 'unchanged' });
    const policy = { phases: { delete: { min_age: '60d', actions: { delete: {} } } }, _meta: { managed_by: 'ai-gateway', version: 99, hash: 'of-the-future' } };
    await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy });
    const newer = await plan({ force: true });
    expect(actions(newer)).to.include({ policy: 'unchanged' });
    expect(detail(newer, 'policy')).to.match(/newer gateway \(version 99\)/);
  });

  it('keeps a concrete index as single, with the warning, and refuses daily there', async () => {
    await admin.must('PUT', `/${name}`, { mappings: { properties: { timestamp: { type: 'date' }, provider: { type: 'keyword' } } } });
    expect((await plan()).warnings.join()).to.match(/has no lifecycle policy: nothing ever deletes it/).and.not.match(/deletes the whole index/);
    await admin.must('PUT', `/${name}/_settings`, { 'index.lifecycle.name': `${name}-policy` });
    await admin.must('POST', `/${name}/_doc?refresh=true`, { timestamp: '2026-01-01', provider: 'openai' });
    const refused = await plan({ layout: 'daily' });
    expect(actions(refused)).to.deep.equal({ layout: 'conflict' });
    expect(await applyPlan(admin.elastic, refused)).to.equal(false);
    expect((await admin.ask('GET', `/_index_template/${name}-template`)).status).to.equal(404);

    const kept = await plan();
    expect(kept.layout).to.equal('single');
    expect(kept.warnings.join()).to.match(/deletes the whole index/);
    expect(detail(kept, 'layout')).to.match(/Warning: .*30d/);
    expect(actions(kept)).to.include({ index: 'unchanged', mapping: 'update' });
    await applyPlan(admin.elastic, kept);
    const mapping = at(await admin.must('GET', `/${name}/_mapping`), name, 'mappings');
    expect(mapping).to.deep.equal({ dynamic: 'false', properties: documented });
    expect(at(await admin.must('GET', `/${name}/_count`), 'count')).to.equal(1);
    expect(new Set(Object.values(actions(await plan())))).to.deep.equal(new Set(['unchanged']));
  });

  it('sees an index of that name although it is closed', async () => {
    await admin.must('PUT', `/${name}`, {});
    await admin.must('POST', `/${name}/_close`);
    expect(actions(await plan({ layout: 'daily' }))).to.deep.equal({ layout: 'conflict' });
    expect((await plan()).layout).to.equal('single');
  });

  it('tells an index that was mapped by guessing, and changes nothing of it', async () => {
    await admin.must('POST', `/${name}/_doc?refresh=true`, { timestamp: '2026-01-01T00:00:00.000Z', provider: 'openai', model: 'gpt' });
    const found = await plan();
    expect(actions(found)).to.include({ mapping: 'conflict', index: 'unchanged' });
    expect(detail(found, 'mapping')).to.match(/provider is text, documented keyword/).and.match(/Ways out/);
  });

  it('puts new fields to existing daily indices, and lone ones behind the alias', async () => {
    const old = `${name}-2026-01-01`;
    await admin.must('PUT', `/${old}`, { mappings: { dynamic: false, properties: { timestamp: { type: 'date' } } } });
    const found = await plan();
    expect(actions(found)).to.include({ alias: 'update', mapping: 'update', index: 'create' });
    await applyPlan(admin.elastic, found);
    expect(at(await admin.must('GET', `/${old}/_mapping`), old, 'mappings', 'properties')).to.deep.equal(documented);
    expect(Object.keys(await admin.must('GET', `/${name}/_mapping`) as object)).to.have.members([old, `${name}-${today}`]);
    expect(new Set(Object.values(actions(await plan())))).to.deep.equal(new Set(['unchanged']));
  });

  it('lives side by side with a name that begins with it', async () => {
    await applyPlan(admin.elastic, await plan());
    const staging = `${name}-staging`;
    names.push(staging);
    await applyPlan(admin.elastic, await plan({ index: staging }));
    const again = await plan();
    expect(again.warnings).to.deep.equal([]);
    expect(new Set(Object.values(actions(again)))).to.deep.equal(new Set(['unchanged']));
    expect(at(await admin.must('GET', `/${staging}-${today}/_settings`), `${staging}-${today}`, 'settings', 'index', 'lifecycle', 'name')).to.equal(`${staging}-policy`);
    expect(Object.keys(await admin.must('GET', `/${name}/_mapping`) as object)).to.deep.equal([`${name}-${today}`]);
  });

  it('refuses to capture indices of another program', async () => {
    const other = `${name}x`;
    await admin.must('PUT', `/${other}`);
    const found = await plan();
    expect(actions(found)).to.include({ template: 'conflict', index: 'conflict' });
    expect(detail(found, 'template')).to.include(other);
  });

  it('tells a template of higher priority that would win', async () => {
    await admin.must('PUT', `/_index_template/${name}-rival`, { index_patterns: [`${name}-2*`], priority: 9000 });
    try {
      const found = await plan();
      expect(actions(found)).to.include({ template: 'conflict', index: 'conflict' });
      expect(detail(found, 'template')).to.match(new RegExp(`${name}-rival.*priority 9000`));
    } finally {
      await admin.must('DELETE', `/_index_template/${name}-rival`);
    }
  });

  it('asks the server what a new index would be like, and says so where it is not as documented', async () => {
    const found = await plan();
    // Somebody is quicker than the plan.
    await admin.must('PUT', `/_index_template/${name}-rival`, { index_patterns: [`${name}-2*`], priority: 9000, template: { mappings: { properties: { model: { type: 'text' } } } } });
    try {
      const stopped = await applyPlan(admin.elastic, found).catch((error: unknown) => error);
      expect(stopped).to.be.instanceOf(Failure).with.property('code', 'es_template_not_effective');
      expect(stopped).to.have.property('message').that.matches(/would not get the documented mapping \(.*model is text, documented keyword/).and.includes(`overlapping templates: ${name}-template`);
    } finally {
      await admin.must('DELETE', `/_index_template/${name}-rival`);
    }
  });

  it('may run twice at once', async () => {
    const plans = await Promise.all([plan(), plan(), plan()]);
    await Promise.all(plans.map((each) => applyPlan(admin.elastic, each)));
    expect(new Set(Object.values(actions(await plan())))).to.deep.equal(new Set(['unchanged']));
  });

  it('loses nothing of an index in use: three at once with the role NAME-admin replace everything while NAME-writer writes', async () => {
    const index = `${name}-${today}`;
    const users = [`${name}-a`, `${name}-w`] as const;
    const connect = async (user: string, { cluster, indices }: ReturnType<typeof adminRole>) => createElastic(configOf(await admin.user(user, cluster, indices)));
    const administrator = await connect(users[0], adminRole(name));
    const writer = await connect(users[1], writerRole(name));
    try {
      await applyPlan(administrator, await planInit(administrator, { index: name }, { now }));
      await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy: { phases: { delete: { min_age: '90d', actions: { delete: {} } } } } });
      const template = await admin.template(name);
      template.template.mappings.properties['later'] = { type: 'long' };
      await admin.must('PUT', `/_index_template/${name}-template`, template);
      let written = 0;
      const write = async (): Promise<void> => {
        const id = `r${String(written++)}`;
        const answer = await writer.request({ method: 'PUT', path: `/${index}/_create/${id}`, body: { request_id: id, timestamp: new Date(now).toISOString(), provider: 'openai' } });
        expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
      };
      for (let i = 0; i < 20; i++) await write();
      const stop = new AbortController();
      const writing = (async () => { while (!stop.signal.aborted) await write(); })();
      const plans = await Promise.all([1, 2, 3].map(() => planInit(administrator, { index: name }, { now, force: true })));
      expect(actions(plans[0] as InitPlan)).to.include({ policy: 'update', template: 'update', index: 'unchanged' });
      const changed = await Promise.all(plans.map((each) => applyPlan(administrator, each))).finally(() => { stop.abort(); });
      await writing;
      expect(changed).to.deep.equal([true, true, true]);
      expect(new Set(Object.values(actions(await planInit(administrator, { index: name }, { now }))))).to.deep.equal(new Set(['unchanged']));
      await admin.must('POST', `/${name}/_refresh`);
      expect(at(await admin.must('GET', `/${name}/_count`), 'count')).to.equal(written);
      expect(await admin.must('GET', `/${name}/_mapping`)).to.deep.equal({ [index]: { mappings: { dynamic: 'false', properties: documented } } });
    } finally {
      await administrator.close();
      await writer.close();
      for (const user of users) await admin.dropUser(user);
    }
  });

  it('stops cleanly at any step, and goes on the next time', async () => {
    for (let good = 0; good < 3; good++) {
      const index = `${name}-stop${String(good)}`;
      names.push(index);
      let writes = 0;
      const failing = {
        ...admin.elastic,
        request: (request: ElasticRequest) => (request.method === 'PUT' && writes++ >= good ? Promise.reject(new ElasticUnreachable('cut by the test', 'connection', true, undefined)) : admin.elastic.request(request)),
      };
      const stopped = await applyPlan(failing, await planInit(failing, { index }, { now })).catch((error: unknown) => error);
      expect(stopped).to.be.instanceOf(ElasticUnreachable);
      const rest = await plan({ index });
      expect(Object.values(actions(rest)).filter((action) => action === 'create')).to.have.length(3 - good);
      expect(Object.values(actions(rest))).not.to.include('conflict');
      await applyPlan(admin.elastic, rest);
      expect(new Set(Object.values(actions(await plan({ index }))))).to.deep.equal(new Set(['unchanged']));
    }
  });

  it('makes a data stream\'s template on 8 and 9, and says no on 7.17', async () => {
    const found = await plan({ layout: 'data-stream' });
    if ((await admin.version()) === 7) {
      expect(actions(found)).to.deep.equal({ layout: 'conflict' });
      expect(detail(found, 'layout')).to.match(/needs Elasticsearch 8 or 9/);
      return;
    }
    expect(found.warnings.join()).to.match(/sent again after a rollover is stored twice/);
    await applyPlan(admin.elastic, found);
    await admin.must('POST', `/${name}/_doc?op_type=create&refresh=true`, { '@timestamp': '2026-01-01', timestamp: '2026-01-01', provider: 'openai' });
    const again = await plan();
    expect(again.layout).to.equal('data-stream');
    expect(new Set(Object.values(actions(again)))).to.deep.equal(new Set(['unchanged']));
  });

  it('refuses a bad name before any request', async () => {
    const silent = { request: () => { throw new Error('a request was made'); }, close: () => Promise.resolve() };
    for (const bad of ['Upper', '_x', 'logs', 'a*']) {
      const refused = await planInit(silent, { index: bad }, { now }).catch((error: unknown) => error);
      expect(refused, bad).to.be.instanceOf(Failure).with.property('code', 'bad_index_name');
    }
  });

  it('names every missing privilege and its step before it changes anything', async () => {
    const user = `${name}-user`;
    const elastic = createElastic(configOf(await admin.user(user, ['monitor', 'read_ilm'], [{ names: [`${name}*`], privileges: ['view_index_metadata'] }])));
    try {
      const found = await planInit(elastic, { index: name }, { now });
      const refused = await applyPlan(elastic, found).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Failure).with.property('message').that.matches(/nothing was changed: policy needs cluster privilege manage_ilm; template needs cluster privilege manage_index_templates; index needs index privilege create_index on/);
      expect((await admin.ask('GET', `/_ilm/policy/${name}-policy`)).status).to.equal(404);
    } finally {
      await elastic.close();
      await admin.dropUser(user);
    }
  });

  it('names the privilege that it lacks to read what is there, and for what', async () => {
    const user = `${name}-user`;
    for (const [cluster, indices, words] of [
      [[], [{ names: [`${name}*`], privileges: ['manage'] }], /not allowed to list the index templates \(403 .*granted by the cluster privileges \[.*manage_index_templates/],
      [['monitor', 'manage_ilm', 'manage_index_templates'], [], /not allowed to look up the names .*granted by the index privileges \[.*view_index_metadata/],
    ] as const) {
      const elastic = createElastic(configOf(await admin.user(user, cluster, indices)));
      try {
        const refused = await planInit(elastic, { index: name }, { now }).catch((error: unknown) => error);
        expect(refused).to.be.instanceOf(Failure).with.property('message').that.matches(words);
      } finally {
        await elastic.close();
        await admin.dropUser(user);
      }
    }
  });

  it('works with the privileges that the documentation asks for', async () => {
    const user = `${name}-user`;
    const elastic = createElastic(configOf(await admin.user(user, ['monitor', 'manage_ilm', 'manage_index_templates'], [{ names: [`${name}*`], privileges: ['manage'] }])));
    try {
      await applyPlan(elastic, await planInit(elastic, { index: name }, { now }));
      expect(new Set(Object.values(actions(await planInit(elastic, { index: name }, { now }))))).to.deep.equal(new Set(['unchanged']));
    } finally {
      await elastic.close();
      await admin.dropUser(user);
    }
  });
});
