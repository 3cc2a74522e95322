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

  it('export of a cluster that may not be written to is a failure with its mend', async () => {
    await harness.write(1);
    const caught = await backfill(harness.admin, { ...config, elasticsearch: { ...config.elasticsearch, layout: 'single' } }, { ...range(), includeExpired: false }).then(() => undefined, (error: unknown) => error as { code?: string; fix?: string });
    expect(caught).to.equal(undefined);
    const other = { ...config, elasticsearch: { ...config.elasticsearch, layout: 'daily' as const } };
    const refused = await backfill(harness.admin, other, { ...range(), includeExpired: false }).then(() => undefined, (error: unknown) => error as { code?: string; message?: string; fix?: string });
    expect(refused?.code).to.equal('export_failed');
    expect(refused?.message).to.match(/concrete index/);
  });

  it('retry delivers dead letters after the mend, and counts those that are refused again', async () => {
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
    // The mend: an index that maps it otherwise.
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
