import { expect } from 'chai';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import { createElastic, ElasticUnreachable, type Elastic } from '../../../src/elastic/client.js';
import { ensureObjects, indexProblem, type Readiness } from '../../../src/elastic/ensure-objects.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { at } from '../../../src/elastic/json.js';
import { writerRole } from '../../../src/elastic/roles.js';
import { Admin, configOf, freshName } from './cluster.js';

/** One credential for serve, verify and top. */
const { cluster: WRITER_CLUSTER, indices: [{ privileges: WRITER_INDEX }] } = writerRole('any');

describe('what gateway serve asks before it exports', () => {
  const admin = new Admin();
  const now = Date.now();
  const names: string[] = [];
  const users: string[] = [];
  const open: Elastic[] = [];
  let name = '';
  let config: ElasticsearchConfig;

  beforeEach(() => {
    name = freshName();
    names.push(name);
    config = configOf({ index: name });
  });
  after(async () => {
    for (const each of open) await each.close();
    for (const user of users) await admin.dropUser(user);
    for (const each of names) await admin.drop(each);
    await admin.elastic.close();
  });

  const asUser = async (cluster: readonly string[], privileges: readonly string[]): Promise<Elastic> => {
    const user = `${name}-user-${String(users.length)}`;
    users.push(user);
    const elastic = createElastic(configOf(await admin.user(user, cluster, [{ names: [name, `${name}-*`], privileges }])));
    open.push(elastic);
    return elastic;
  };
  const refusal = (readiness: Readiness): { reason: string; fix: string } => {
    if (readiness.ready) throw new Error('is ready');
    return readiness;
  };

  it('makes policy and template, but no index, and is ready', async () => {
    const uuid = at(await admin.must('GET', '/'), 'cluster_uuid');
    expect(await ensureObjects(admin.elastic, config)).to.deep.equal({ ready: true, clusterUuid: uuid, layout: 'daily' });
    await admin.must('GET', `/_ilm/policy/${name}-policy`);
    await admin.must('GET', `/_index_template/${name}-template`);
    expect((await admin.ask('GET', `/${name}-${utcDate(now)}`)).status).to.equal(404);
    expect(await ensureObjects(admin.elastic, config)).to.have.property('ready', true);
  });

  it('is ready for a writer where an administrator has prepared everything, today\'s index or not', async () => {
    await ensureObjects(admin.elastic, config);
    const writer = await asUser(WRITER_CLUSTER, WRITER_INDEX);
    expect(await ensureObjects(writer, config)).to.have.property('ready', true);
    await admin.must('PUT', `/${name}-${utcDate(now)}`);
    expect(await ensureObjects(writer, config)).to.have.property('ready', true);
  });

  it('gives a writer the command that an administrator must run where nothing is prepared', async () => {
    const writer = await asUser(WRITER_CLUSTER, WRITER_INDEX);
    const { reason, fix } = refusal(await ensureObjects(writer, config));
    expect(reason).to.match(/manage_ilm/).and.match(/manage_index_templates/);
    expect(fix).to.include(`ELASTICSEARCH_INDEX=${name} ELASTICSEARCH_LAYOUT=daily gateway es init`);
    expect((await admin.ask('GET', `/_index_template/${name}-template`)).status).to.equal(404);
  });

  for (const [what, path, prepare] of [
    ['makes the objects', () => `/_ilm/policy/${name}-policy`, () => Promise.resolve()],
    ['adds fields to today\'s index', () => `/${name}-${utcDate(now)}/_mapping`, async () => {
      await ensureObjects(admin.elastic, config);
      await admin.must('PUT', `/_index_template/${name}-bare`, { index_patterns: [`${name}-*`], priority: 900 });
      await admin.must('PUT', `/${name}-${utcDate(now)}`, { mappings: { dynamic: true }, aliases: { [name]: {} } });
      await admin.must('DELETE', `/_index_template/${name}-bare`);
    }],
  ] as const) {
    it(`takes a cluster that is too busy while it ${what} for unreachable, and not for a lack of privileges`, async () => {
      await prepare();
      const busy: Elastic = {
        ...admin.elastic,
        request: (request) => (request.method === 'PUT' && request.path === path()
          ? Promise.resolve({ status: 503, body: { error: { type: 'master_not_discovered_exception', reason: 'no master' } }, headers: {}, isJson: true, isElasticsearch: true })
          : admin.elastic.request(request)),
      };
      const error = await ensureObjects(busy, config).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ElasticUnreachable);
      expect(await ensureObjects(admin.elastic, config)).to.have.property('ready', true);
    });
  }

  it('waits where it may not see what is there', async () => {
    await ensureObjects(admin.elastic, config);
    const blind = await asUser(['monitor'], ['create_doc', 'auto_configure']);
    expect(refusal(await ensureObjects(blind, config)).fix).to.match(/view_index_metadata/);
    const nobody = await asUser([], WRITER_INDEX);
    expect(refusal(await ensureObjects(nobody, config)).reason).to.match(/monitor/);
  });

  it('does without the right to read the policy', async () => {
    await ensureObjects(admin.elastic, config);
    expect(await ensureObjects(await asUser(['monitor'], WRITER_INDEX), config)).to.have.property('ready', true);
  });

  it('is not ready while today\'s index is mapped by guessing', async () => {
    await admin.must('POST', `/${name}-${utcDate(now)}/_doc?refresh=true`, { timestamp: '2026-01-01', provider: 'openai' });
    const { reason, fix } = refusal(await ensureObjects(admin.elastic, config));
    expect(reason).to.match(/provider is text, documented keyword/);
    expect(fix).to.match(/another ELASTICSEARCH_INDEX/);
  });

  it('fixes what it may: fields and alias of an index that lacks them', async () => {
    const index = `${name}-${utcDate(now)}`;
    await admin.must('PUT', `/${index}`, { mappings: { properties: { timestamp: { type: 'date' } } } });
    await ensureObjects(admin.elastic, { ...config, index: name });
    const answer = await admin.must('GET', `/${name}/_mapping`);
    expect(at(answer, index, 'mappings', 'dynamic')).to.equal('false');
    expect(at(answer, index, 'mappings', 'properties', 'request_id', 'type')).to.equal('keyword');
  });

  it('is not ready for a writer that may not fix them', async () => {
    await ensureObjects(admin.elastic, config);
    const index = `${name}-2026-01-01`;
    await admin.must('PUT', `/${index}`, {});
    await admin.must('POST', '/_aliases', { actions: [{ remove: { index, alias: name } }] });
    const writer = await asUser(WRITER_CLUSTER, WRITER_INDEX);
    expect(await ensureObjects(writer, config)).to.have.property('ready', true);
    expect(await indexProblem(writer, config, 'daily', Date.parse('2026-01-01'))).to.have.property('reason').that.matches(/alias/);
    expect(await indexProblem(admin.elastic, config, 'daily', Date.parse('2026-01-01'))).to.equal(undefined);
    expect(await indexProblem(writer, config, 'daily', Date.parse('2026-01-01'))).to.equal(undefined);
  });

  it('leaves an edited template alone: ready where the mapping is right, not where it is wrong', async () => {
    await ensureObjects(admin.elastic, config);
    const path = `/_index_template/${name}-template`;
    const template = await admin.template(name);
    template.template.settings = { number_of_shards: 2 };
    await admin.must('PUT', path, template);
    expect(await ensureObjects(admin.elastic, config)).to.have.property('ready', true);
    template.template.mappings.properties['cost'] = { type: 'long' };
    await admin.must('PUT', path, template);
    expect(refusal(await ensureObjects(admin.elastic, config)).reason).to.match(/cost\.type: found "long", documented "float"/);
    expect(at(await admin.must('GET', path), 'index_templates', 0, 'index_template', 'template', 'mappings', 'properties', 'cost', 'type')).to.equal('long');
  });

  it('is not ready under a template that another one outranks', async () => {
    await ensureObjects(admin.elastic, config);
    await admin.must('PUT', `/_index_template/${name}-rival`, { index_patterns: [`${name}-2*`], priority: 9000 });
    const readiness = await ensureObjects(admin.elastic, config);
    await admin.must('DELETE', `/_index_template/${name}-rival`);
    expect(refusal(readiness).reason).to.match(/-rival/);
  });

  it('resolves a concrete index to single, and waits where daily was asked for', async () => {
    await admin.must('PUT', `/${name}`, {});
    expect(await ensureObjects(admin.elastic, config)).to.include({ ready: true, layout: 'single' });
    expect(refusal(await ensureObjects(admin.elastic, { ...config, layout: 'daily' })).reason).to.match(/Ways out/);
  });

  it('tells wrong credentials, and leaves a cluster that does not answer to whoever tries again', async () => {
    const wrong = createElastic(configOf({ password: 'wrong' }));
    const dead = createElastic(configOf({ urls: ['http://127.0.0.1:1'] }));
    open.push(wrong, dead);
    expect(refusal(await ensureObjects(wrong, config)).reason).to.match(/credentials/);
    const failure: unknown = await ensureObjects(dead, config).then(() => undefined, (error: unknown) => error);
    expect(failure).to.be.instanceOf(ElasticUnreachable);
  });
});
