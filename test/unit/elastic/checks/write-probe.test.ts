import { expect } from 'chai';
import type { Answer } from '../../../../src/elastic/answers.js';
import type { CheckContext, Finding } from '../../../../src/elastic/checks/check.js';
import { writeProbe } from '../../../../src/elastic/checks/write-probe.js';
import type { Elastic, ElasticRequest } from '../../../../src/elastic/client.js';
import type { ClusterState, Pipeline } from '../../../../src/elastic/cluster-state.js';
import { buildPlan } from '../../../../src/elastic/init-plan.js';
import { managedObjects } from '../../../../src/elastic/managed-objects.js';

const NOW = Date.parse('2026-02-03T04:05:06Z');
const TODAY = 'lab-2026-02-03';
const REFUSED = { status: 400, error: { type: 'document_parsing_exception', reason: 'failed to parse field [timestamp] of type [date]' } };

describe('the write probe of es verify', () => {
  let sent: ElasticRequest[] = [];
  beforeEach(() => { sent = []; });

  /** What the check says where the bulk API answers that of its one document. */
  const probe = async (item: object, { pipelines = [], body, timeoutMs = 10_000 }: { pipelines?: readonly Pipeline[]; body?: unknown; timeoutMs?: number } = {}): Promise<Finding> => {
    const objects = managedObjects('lab', 'daily');
    const state: ClusterState = {
      lifecycle: true, policy: objects.policy, template: objects.template, ranks: [], holder: { kind: 'alias', indices: [TODAY] }, strangers: [], unreadable: [],
      indices: [{ name: TODAY, mapping: objects.mapping, aliases: ['lab'], createdAt: NOW, blocks: [], closed: false, policy: 'lab-policy', pipelines, limited: false }],
    };
    const request = (asked: ElasticRequest): Promise<Answer> => {
      sent.push(asked);
      const id = /"_id":"([^"]+)"/.exec(String(asked.body))?.[1];
      const good = asked.path === '/_bulk' ? body ?? { errors: true, items: [{ create: { _index: TODAY, _id: id, ...item } }] } : {};
      return Promise.resolve({ status: 200, isJson: typeof good === 'object', isElasticsearch: true, body: good, headers: {} } as unknown as Answer);
    };
    const context = {
      elastic: { request } as unknown as Elastic, config: { index: 'lab' }, now: () => NOW, timeoutMs, state,
      plan: buildPlan({ name: 'lab', requested: undefined, major: 8, now: NOW, state }),
    } as unknown as CheckContext;
    return writeProbe.run(context);
  };
  const pipelines: readonly Pipeline[] = [{ setting: 'index.final_pipeline', name: 'p1' }];

  it('is content with the refusal of its timestamp, and with no other', async () => {
    expect(await probe(REFUSED)).to.include({ status: 'ok' });
    expect(await probe({ status: 400, error: { type: 'document_parsing_exception', reason: 'failed to parse field [status_code] of type [short]' } })).to.include({ status: 'fail' });
    const routed = await probe({ status: 400, error: { type: 'routing_missing_exception', reason: 'routing is required' } });
    expect(routed.fix).to.match(/_routing\.required/);
  });

  it('tells a record that a pipeline drops from one that was stored', async () => {
    const dropped = await probe({ status: 200, result: 'noop' }, { pipelines });
    expect(dropped.message).to.equal(`a record for ${TODAY} was dropped: the ingest pipeline p1 (index.final_pipeline) keeps it out, and nothing was stored`);
    expect(dropped.fix).to.include(`PUT ${TODAY}/_settings {"index.final_pipeline":null}`).and.not.match(/delete/);
    expect(sent.map(({ method }) => method)).to.deep.equal(['POST']);
  });

  it('follows a record to another index, removes it there, and says who sent it', async () => {
    const { status, message } = await probe({ status: 201, _index: 'elsewhere' }, { pipelines });
    expect(status).to.equal('fail');
    expect(message).to.match(/goes to elsewhere, where no search of lab finds it: the ingest pipeline p1 .* removed again$/);
    expect(sent.at(-1)).to.include({ method: 'DELETE' }).and.have.property('path').that.matches(/^\/elsewhere\/_doc\//);
    expect((await probe({ ...REFUSED, _index: 'elsewhere' })).message).to.match(/goes to elsewhere.*nothing was stored$/);
  });

  it('sees another id', async () => {
    expect((await probe({ ...REFUSED, _id: 'always-the-same' }, { pipelines })).message).to.match(/gets another _id \(always-the-same\)/);
  });

  it('blames the mapping for a stored record only where no pipeline is', async () => {
    expect((await probe({ status: 201 })).message).to.match(/its mapping is not the documented one/);
    const changed = await probe({ status: 201 }, { pipelines });
    expect(changed.message).to.match(/the ingest pipeline p1 \(index\.final_pipeline\) changes it/);
    for (const { fix } of [changed, await probe({ status: 201 })]) expect(fix).not.to.match(/delete/i);
  });

  it('lets the server give up first, and takes no page for an answer', async () => {
    await probe(REFUSED, { timeoutMs: 10_000 });
    expect(sent[0]?.query).to.include({ timeout: '5s' });
    const page = await probe({}, { body: '<html>' });
    expect(page.message).to.match(/not by Elasticsearch's bulk API/);
    expect(page.fix).to.match(/proxies/);
    expect((await probe({ status: 503, error: { type: 'unavailable_shards_exception', reason: 'primary shard is not active' } })).fix).to.match(/primary shard is not there/);
  });
});
