import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { applyPlan } from '../../../src/elastic/init-apply.js';
import { planInit } from '../../../src/elastic/init-plan.js';
import { searchGroups } from '../../../src/elastic/metrics-search.js';
import { withCluster } from '../../../src/elastic/with-cluster.js';
import { compileSearch } from '../../../src/report/elasticsearch-compile.js';
import { parseQuery, type QueryFlags } from '../../../src/report/query.js';
import { runTop, type MetricsReport } from '../../../src/report/top.js';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import { Admin, configOf, freshName } from '../elastic/cluster.js';
import { sampleLines } from './sample-records.js';

const BEGIN = Date.UTC(2026, 10, 20, 7);
const NOW = BEGIN + 86_400_000;

describe('metrics top on Elasticsearch', () => {
  const admin = new Admin();
  const index = freshName();
  let notes: string[] = [];

  before(async () => {
    await applyPlan(admin.elastic, await planInit(admin.elastic, { index, layout: 'single' }, { now: NOW }));
    const body = sampleLines(450, BEGIN).map((line) => `{"create":{"_index":"${index}"}}\n${line}`).join('');
    expect((await admin.must('POST', '/_bulk', body) as { errors: boolean }).errors).to.equal(false);
    await admin.must('POST', `/${index}/_refresh`);
  });
  after(async () => {
    await admin.drop(index);
    await admin.elastic.close();
  });
  beforeEach(() => { notes = []; });

  const query = (flags: QueryFlags = {}): ReturnType<typeof parseQuery> => parseQuery({ by: [''], since: '2026-11-20', ...flags }, NOW);
  const report = (flags?: QueryFlags, overrides: Partial<ElasticsearchConfig> = {}): Promise<MetricsReport> => runTop({
    query: query(flags),
    source: 'elasticsearch',
    local: { dir: 'nowhere', maxBytes: 0 },
    elasticsearch: { enabled: true, index: overrides.index ?? index, connect: (work) => withCluster(configOf(overrides), work) },
    note: (text) => { notes.push(text); },
  });
  const failure = (work: Promise<unknown>): Promise<Failure> => work.then(() => { throw new Error('no failure'); }, (error: unknown) => {
    expect(error).to.be.instanceOf(Failure);
    return error as Failure;
  });

  it('reads the layout single as well', async () => {
    expect((await report()).rows[0]?.requests).to.equal(450);
    expect(notes).to.deep.equal([]);
  });

  it('tells an index that does not exist from one that has nothing in the range', async () => {
    expect((await report({}, { index: freshName() })).rows).to.deep.equal([]);
    expect(notes.pop()).to.match(/has no index .* yet\. Run `gateway es init`/);
    expect((await report({ until: '2026-11-20T01:00' })).rows).to.deep.equal([]);
    expect(notes.pop()).to.include('has nothing from').and.to.include('gateway es verify');
  });

  it('says which days it could not count, and of which it saw a part only', async () => {
    const name = freshName();
    try {
      await applyPlan(admin.elastic, await planInit(admin.elastic, { index: name }, { now: NOW }));
      for (const day of ['2026-11-18', '2026-11-20', '2026-11-21']) {
        for (const provider of ['openai', 'groq']) await admin.must('POST', `/${name}-${day}/_doc?refresh=true`, { timestamp: `${day}T10:00:00Z`, provider });
        if (day !== '2026-11-21') await admin.must('POST', `/${name}-${day}/_close`);
      }
      expect((await report({ since: '2026-11-20', until: '2026-11-22' }, { index: name })).rows[0]?.requests).to.equal(2);
      expect(notes).to.deep.equal([`Not counted: ${name}-2026-11-20, which is closed. POST ${name}-2026-11-20/_open opens it.`]);
      await admin.must('POST', `/${name}-2026-11-20/_open?wait_for_active_shards=1`);
      await admin.must('POST', '/_aliases', { actions: [{ add: { index: `${name}-2026-11-20`, alias: name, filter: { term: { provider: 'openai' } } } }] });
      notes = [];
      expect((await report({ since: '2026-11-20', until: '2026-11-22' }, { index: name })).rows[0]?.requests).to.equal(3);
      expect(notes.join()).to.match(/^Only a part is counted of \S+-2026-11-20: .*es init --force/);
    } finally {
      await admin.drop(name);
    }
  });

  it('pages through all groups, and meets each once', async () => {
    for (const pageSize of [7, 449, 450, 451]) {
      const { groups } = await searchGroups(admin.elastic, compileSearch(query({ by: ['request_id'] }), index), { pageSize, maxGroups: 450 });
      expect(new Set(groups.map(({ key }) => key[0])).size, String(pageSize)).to.equal(450);
      expect(groups, String(pageSize)).to.have.length(450);
    }
  });

  it('refuses more groups than it can hold, instead of leaving some out', async () => {
    const { code, message, fix } = await failure(searchGroups(admin.elastic, compileSearch(query({ by: ['request_id'] }), index), { pageSize: 100, maxGroups: 449 }));
    expect(code).to.equal('too_many_groups');
    expect(message).to.include('over 449 groups by request_id');
    expect(fix).to.include('--filter');
  });

  it('says who may not read', async () => {
    const name = freshName('reader');
    const user = await admin.user(name, ['monitor'], [{ names: ['another-index'], privileges: ['read'] }]);
    try {
      for (const by of ['', 'provider']) {
        const { code, message } = await failure(report({ by: [by] }, user));
        expect(code).to.equal('es_forbidden');
        expect(message).to.include(index);
      }
      expect(notes).to.deep.equal([]);
      expect((await failure(report({}, { ...user, password: 'wrong' }))).code).to.equal('es_unauthorized');
    } finally {
      await admin.dropUser(name);
    }
  });

  it('takes no answer of something else for an empty report', async () => {
    const server = createServer((_, answer) => { answer.setHeader('content-type', 'application/json').end('{}'); });
    const url = await listen(server);
    try {
      expect((await failure(report({}, { urls: [url] }))).code).to.equal('not_elasticsearch');
    } finally {
      server.close();
    }
    const { code, exitCode } = await failure(report({}, { urls: [url] }));
    expect({ code, exitCode }).to.deep.equal({ code: 'es_unreachable', exitCode: 1 });
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}
