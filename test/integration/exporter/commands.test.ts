import { expect } from 'chai';
import type { Config } from '../../../src/config/config.js';
import { backfill } from '../../../src/exporter/backfill.js';
import { retryDeadLetters } from '../../../src/exporter/retry-dead-letters.js';
import { verifyTarget } from '../../../src/exporter/verify-target.js';
import { gatewayInstance } from '../../../src/telemetry/instance.js';
import { countDeadLetters } from '../../../src/telemetry/dead-letters.js';
import { readStatus } from '../../../src/telemetry/status.js';
import { ExportHarness } from './harness.js';

const DAY = 24 * 3_600_000;

describe('what the telemetry commands do', () => {
  let harness: ExportHarness;
  let config: Pick<Config, 'elasticsearch' | 'telemetry'>;

  beforeEach(async () => {
    harness = await ExportHarness.make();
    config = { elasticsearch: harness.elasticsearch, telemetry: { dir: harness.dir, fsync: 'never', maxBytes: 2 ** 30, retentionMs: 30 * DAY, onFull: 'drop-oldest' } };
  });
  afterEach(() => harness.dispose());

  const range = (): { since: number; until: number } => ({ since: Date.now() - 60 * DAY, until: Date.now() + DAY });
  const refresh = (): Promise<unknown> => harness.must('POST', `/${harness.index}*/_refresh`);

  it('verify finds nothing amiss, then what was lost and doubled; export brings it back', async () => {
    await harness.write(2_500);
    await harness.write(40, { receivedAt: Date.now() - DAY });
    await harness.start();
    await harness.drained();
    await harness.stop();
    const good = await verifyTarget(harness.admin, config, range());
    expect(good).to.deep.include({ in_log: 2_540, found: 2_540, missing: { count: 0, ids: [] }, doubled: { count: 0, ids: [] }, waiting: 0, in_elasticsearch: 2_540, not_in_log: 0 });

    const [first = '', second = ''] = harness.written;
    await harness.must('DELETE', `/${harness.daily()}/_doc/${first}`);
    const document = await harness.must('GET', `/${harness.daily()}/_doc/${second}`) as { _source: unknown };
    await harness.must('PUT', `/${harness.daily(Date.now() - DAY)}/_doc/${second}`, document._source);
    await refresh();
    const bad = await verifyTarget(harness.admin, config, range());
    expect(bad.missing).to.deep.equal({ count: 1, ids: [first] });
    expect(bad.doubled).to.deep.equal({ count: 1, ids: [second] });

    const counts = await backfill(harness.admin, config, { ...range(), includeExpired: false });
    expect(counts).to.deep.equal({ created: 1, existing: 2_539, refused: 0, expired: 0 });
    expect((await verifyTarget(harness.admin, config, range())).missing.count).to.equal(0);
  });

  it('verify tells what waits from what is lost', async () => {
    await harness.write(5);
    await harness.start();
    await harness.drained();
    await harness.stop();
    await harness.write(7);
    expect(await verifyTarget(harness.admin, config, range())).to.deep.include({ in_log: 12, found: 5, waiting: 7, missing: { count: 0, ids: [] } });
  });

  it('export keeps to its range, and leaves expired days out unless told', async () => {
    await harness.write(6, { receivedAt: Date.now() - 40 * DAY });
    await harness.write(4, { receivedAt: Date.now() - DAY });
    await harness.write(3);
    expect(await backfill(harness.admin, config, { since: Date.now() - 2 * DAY, until: Date.now() - DAY / 2, includeExpired: false })).to.include({ created: 4, expired: 0 });
    expect(await backfill(harness.admin, config, { ...range(), includeExpired: false })).to.deep.equal({ created: 3, existing: 4, refused: 0, expired: 6 });
    expect(await backfill(harness.admin, config, { ...range(), includeExpired: true })).to.deep.equal({ created: 6, existing: 7, refused: 0, expired: 0 });
  });

  /** The policy that the template names deletes at that age; never without one. */
  const retention = async (age: string | undefined): Promise<void> => {
    const phases = age === undefined ? { hot: { actions: {} } } : { delete: { min_age: age, actions: { delete: {} } } };
    await harness.must('PUT', `/_ilm/policy/${harness.index}-policy`, { policy: { phases } });
  };

  it('no day comes back, and none is missing, that a shorter retention has deleted', async () => {
    const days = [0, 3, 7, 8, 20];
    await harness.start();
    await harness.write(10, (i) => ({ receivedAt: Date.now() - (days[i % 5] as number) * DAY }));
    await harness.drained();
    await harness.stop();
    await retention('7d');
    for (const day of [7, 8, 20]) await harness.must('DELETE', `/${harness.daily(Date.now() - day * DAY)}`);
    expect(await verifyTarget(harness.admin, config, range())).to.deep.include({ found: 4, expired: 6, missing: { count: 0, ids: [] } });
    expect(await backfill(harness.admin, config, { ...range(), includeExpired: false })).to.deep.equal({ created: 0, existing: 4, refused: 0, expired: 6 });
    for (const day of [7, 8, 20]) expect((await harness.ask('HEAD', `/${harness.daily(Date.now() - day * DAY)}`)).status).to.equal(404);
    // A day that is younger than the policy deletes is a loss, and so is a record of a day whose index is there.
    await harness.must('DELETE', `/${harness.daily(Date.now() - 3 * DAY)}`);
    const lost = await verifyTarget(harness.admin, config, range());
    expect(lost).to.deep.include({ expired: 6, absent_indices: [harness.daily(Date.now() - 3 * DAY)] });
    expect(lost.missing.count).to.equal(2);
  });

  for (const [what, age] of [['a longer retention', '90d'], ['a policy that deletes nothing', undefined]] as const) {
    it(`sends all days, and misses what is lost of them, under ${what}`, async () => {
      await harness.start();
      await harness.write(1);
      await harness.drained();
      await harness.stop();
      await retention(age);
      const [old = '', ...others] = await harness.write(9, (i) => ({ receivedAt: Date.now() - (32 + i * 5) * DAY }));
      await harness.start();
      const { counters } = await harness.drained();
      await harness.stop();
      expect(counters).to.include({ exported: 9, expired: 0 });
      await harness.must('DELETE', `/${harness.daily(Date.now() - 32 * DAY)}/_doc/${old}`);
      await refresh();
      const whole = { since: Date.now() - 100 * DAY, until: Date.now() + DAY };
      expect(await verifyTarget(harness.admin, config, whole)).to.deep.include({ found: others.length + 1, expired: 0, missing: { count: 1, ids: [old] } });
      expect(await backfill(harness.admin, config, { ...whole, includeExpired: false })).to.include({ created: 1, expired: 0 });
    });
  }

  it('what lies in an index that is closed is neither found nor missing, and export sends the other days', async () => {
    const yesterday = harness.daily(Date.now() - DAY);
    await harness.start();
    await harness.write(6, (i) => ({ receivedAt: Date.now() - (i % 2) * DAY }));
    await harness.drained();
    await harness.stop();
    await harness.must('POST', `/${yesterday}/_close`);
    await harness.must('DELETE', `/${harness.daily()}/_doc/${String(harness.written[0])}`);
    const seen = await verifyTarget(harness.admin, config, range());
    expect(seen).to.deep.include({ found: 2, unreadable: 3, missing: { count: 1, ids: [harness.written[0]] } });
    expect(seen.unreadable_indices[0]?.index).to.equal(yesterday);
    expect(seen.unreadable_indices[0]?.reason).to.match(/index_closed_exception/);
    const { held, ...counts } = await backfill(harness.admin, config, { ...range(), includeExpired: false });
    expect(counts).to.deep.equal({ created: 1, existing: 2, refused: 0, expired: 0 });
    expect(held?.[0]).to.include({ index: yesterday, records: 3 });
    await harness.must('POST', `/${yesterday}/_open`);
    await harness.must('GET', `/_cluster/health/${yesterday}?wait_for_status=yellow&timeout=30s`);
    await harness.must('PUT', `/${yesterday}/_settings`, { 'index.blocks.write': true });
    const blocked = await backfill(harness.admin, config, { ...range(), includeExpired: false });
    expect(blocked).to.include({ existing: 3 });
    expect(blocked.held?.[0]).to.include({ index: yesterday, records: 3 });
  });

  it('verify of NAME leaves out the documents of NAME-staging, and counts those of a day that was shrunk', async () => {
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.stop();
    const staging = { ...config, elasticsearch: { ...config.elasticsearch, index: `${harness.index}-staging` } };
    try {
      expect(await backfill(harness.admin, staging, { ...range(), includeExpired: false })).to.include({ created: 5 });
      await refresh();
      expect(await verifyTarget(harness.admin, config, range())).to.deep.include({ found: 5, in_elasticsearch: 5, doubled: { count: 0, ids: [] } });
      const shrunk = `shrink-ab12-${harness.daily()}`;
      await harness.must('PUT', `/${harness.daily()}/_settings`, { 'index.blocks.write': true });
      await harness.must('PUT', `/${harness.daily()}/_clone/${shrunk}`, { aliases: { [harness.index]: {} } });
      await harness.must('GET', `/_cluster/health/${shrunk}?wait_for_status=yellow&timeout=30s`);
      await harness.must('POST', '/_aliases', { actions: [{ remove_index: { index: harness.daily() } }, { add: { index: shrunk, alias: harness.daily() } }] });
      expect(await verifyTarget(harness.admin, config, range())).to.deep.include({ found: 5, in_elasticsearch: 5, not_in_log: 0 });
      await harness.must('DELETE', `/${shrunk}`);
    } finally {
      await harness.ask('DELETE', `/_index_template/${harness.index}-staging-template`);
      await harness.ask('DELETE', `/_ilm/policy/${harness.index}-staging-policy`);
    }
  });

  it('export of a cluster that may not be written to is a failure with its fix', async () => {
    await harness.write(1);
    const caught = await backfill(harness.admin, { ...config, elasticsearch: { ...config.elasticsearch, layout: 'single' } }, { ...range(), includeExpired: false }).then(() => undefined, (error: unknown) => error as { code?: string; fix?: string });
    expect(caught).to.equal(undefined);
    const other = { ...config, elasticsearch: { ...config.elasticsearch, layout: 'daily' as const } };
    const refused = await backfill(harness.admin, other, { ...range(), includeExpired: false }).then(() => undefined, (error: unknown) => error as { code?: string; message?: string; fix?: string });
    expect(refused?.code).to.equal('export_failed');
    expect(refused?.message).to.match(/concrete index/);
  });

  it('retry delivers dead letters after the fix, and counts those that are refused again', async () => {
    await harness.start();
    await harness.write(2);
    await harness.drained();
    await harness.must('PUT', `/${harness.daily()}/_mapping`, { properties: { zz: { type: 'long' } } });
    const log = await harness.log();
    const ids = ['01ARZ3NDEKTSV4RRFFQ69G5FA0', '01ARZ3NDEKTSV4RRFFQ69G5FA1'];
    const time = new Date().toISOString();
    for (const [i, id] of ids.entries()) void log.append(`{"request_id":"${id}","timestamp":"${time}","zz":${i === 0 ? '"no number"' : '"nor this"'}}\n`);
    await harness.drained();
    await harness.until('buried', ({ counters }) => counters.deadLetters === 2);
    await harness.stop();
    expect(await verifyTarget(harness.admin, config, range())).to.deep.include({ dead_letters: 2, missing: { count: 0, ids: [] } });

    for (let again = 0; again < 2; again++) {
      const refused = await retryDeadLetters(harness.admin, config);
      expect(refused).to.include({ delivered: 0, refused: 2 });
      expect(refused.reasons[0]?.type).to.match(/parsing_exception/);
      expect(await countDeadLetters(harness.dir)).to.equal(2);
    }
    // The fix: an index that maps it otherwise.
    const template = await harness.must('GET', `/${harness.daily()}`) as Record<string, { mappings: { properties: Record<string, unknown> }; aliases: unknown }>;
    const made = template[harness.daily()];
    await harness.must('DELETE', `/${harness.daily()}`);
    delete made?.mappings.properties['zz'];
    await harness.must('PUT', `/${harness.daily()}`, { mappings: made?.mappings, aliases: made?.aliases });
    expect(await retryDeadLetters(harness.admin, config)).to.include({ delivered: 2, refused: 0 });
    expect(await countDeadLetters(harness.dir)).to.equal(0);
    expect(await retryDeadLetters(harness.admin, config)).to.include({ delivered: 0, refused: 0 });
    // The next start of the exporter has no more use for the files.
    await harness.start();
    await harness.until('up', ({ state }) => state === 'idle');
    expect(await countDeadLetters(harness.dir)).to.equal(0);
  });

  it('status reads how it stands from disk', async () => {
    await gatewayInstance(harness.dir);
    await harness.write(100);
    const target = { clusterUuid: undefined, index: harness.index, layout: undefined, enabled: true };
    const before = await readStatus(config.telemetry, target);
    expect(before.backlog.records_about).to.equal(100);
    expect(before.backlog.bytes).to.equal(before.log.bytes);
    expect(before.backlog.oldest_seconds).to.be.within(0, 60);
    await harness.start();
    await harness.drained();
    const after = await readStatus(config.telemetry, target);
    expect(after).to.deep.include({ backlog: { bytes: 0, records_about: 0, oldest_seconds: null }, retry_bytes: 0, dead_letters: 0 });
    expect(after.disk.free_bytes).to.be.a('number');
  });
});
