import { expect } from 'chai';
import { createElastic } from '../../../src/elastic/client.js';
import { backfill } from '../../../src/exporter/backfill.js';
import { cluster } from '../elastic/cluster.js';
import { ExportHarness } from './harness.js';
import { Relay } from './relay.js';

const DAY = 24 * 3_600_000;

/** The answers are those of real servers to an index with such a pipeline; the bare distribution of the tests has no processors. */
describe('export through an ingest pipeline', () => {
  let relay: Relay;
  let harness: ExportHarness;

  beforeEach(async () => {
    relay = await Relay.start(cluster().url);
    harness = await ExportHarness.make({ urls: [relay.url] }, { urls: [cluster().url] });
  });
  afterEach(async () => {
    await harness.dispose();
    await relay.stop();
  });

  const says = (...items: readonly object[]): void => {
    relay.bulkAnswer = { status: 200, headers: { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }, body: JSON.stringify({ errors: false, items: items.map((create) => ({ create })) }) };
  };
  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };
  const config = (): Parameters<typeof backfill>[1] => ({ elasticsearch: harness.elasticsearch, telemetry: { dir: harness.dir, fsync: 'never', maxBytes: 2 ** 30, retentionMs: 30 * DAY, onFull: 'drop-oldest' } });

  const kinds: readonly [string, (index: string, id: string) => object, RegExp][] = [
    ['drops them', (index, id) => ({ _index: index, _id: id, status: 200 }), /are dropped: an ingest pipeline/],
    ['moves them to another index', (_, id) => ({ _index: 'elsewhere-metrics', _id: id, status: 201 }), /end in elsewhere-metrics: an ingest pipeline/],
    ['moves them, and they are there already', (_, id) => ({ _index: 'elsewhere-metrics', _id: id, status: 409, error: { type: 'version_conflict_engine_exception', reason: 'exists' } }), /end in elsewhere-metrics/],
    ['changes their ids', (index) => ({ _index: index, _id: 'always-the-same', status: 201 }), /get another _id: an ingest pipeline/],
    ['fails', (index, id) => ({ _index: index, _id: id, status: 500, error: { type: 'fail_processor_exception', reason: 'no such customer' } }), /an ingest pipeline of .* refuses records \(fail_processor_exception: no such customer\)/],
  ];
  for (const [what, item, reason] of kinds) {
    it(`that ${what}: the index waits with a reason of its own, nothing counts as exported, and it goes on without the pipeline`, async () => {
      const [id = ''] = await harness.write(1);
      says(item(harness.daily(), id));
      await harness.start();
      const held = await harness.until('held', ({ state }) => state === 'holding');
      expect(held.reason).to.match(reason);
      expect(held.fix).to.match(/^Take the pipeline off: PUT .*_settings/);
      expect(held.counters).to.include({ exported: 0, existing: 0, deadLetters: 0 });
      const through = createElastic(harness.elasticsearch);
      const sent = await backfill(through, config(), { since: 0, until: Date.now() + DAY, includeExpired: false }).finally(() => through.close());
      expect(sent).to.include({ created: 0, existing: 0 });
      expect(sent.held?.[0]?.reason).to.match(reason);
      relay.bulkAnswer = undefined;
      await harness.drained();
      await all();
    });
  }

  it('that drops some: those become dead letters, the others are exported', async () => {
    const [first = '', second = ''] = await harness.write(2);
    says({ _index: harness.daily(), _id: first, status: 201 }, { _index: harness.daily(), _id: second, status: 200 });
    const { logs } = await harness.start();
    const { counters } = await harness.drained();
    expect(counters).to.include({ exported: 1, deadLetters: 1 });
    expect(logs.find(({ message }) => message.includes('dead-letters/'))?.fields).to.include({ error_type: 'ingest_pipeline' });
  });

  it('writes what a day\'s alias stands for, and resends what is there, without a word about pipelines', async () => {
    await harness.start();
    await harness.write(4);
    await harness.drained();
    const shrunk = `shrink-ab12-${harness.daily()}`;
    await harness.must('PUT', `/${harness.daily()}/_settings`, { 'index.blocks.write': true });
    await harness.must('PUT', `/${harness.daily()}/_clone/${shrunk}`, { settings: { 'index.blocks.write': null }, aliases: { [harness.index]: {} } });
    await harness.must('GET', `/_cluster/health/${shrunk}?wait_for_status=yellow&timeout=30s`);
    await harness.must('POST', '/_aliases', { actions: [{ remove_index: { index: harness.daily() } }, { add: { index: shrunk, alias: harness.daily() } }] });
    try {
      await harness.write(3);
      expect((await harness.drained()).counters).to.include({ exported: 7, deadLetters: 0 });
      expect(await backfill(harness.admin, config(), { since: 0, until: Date.now() + DAY, includeExpired: false })).to.deep.equal({ created: 0, existing: 7, refused: 0, expired: 0 });
    } finally {
      await harness.must('DELETE', `/${shrunk}`);
    }
  });
});
