import { expect } from 'chai';
import { logHealthOf } from '../../../src/server/telemetry.js';

const STATS = {
  linesWritten: 5, bytesWritten: 6, appendFailures: 1, ioErrors: 2, slowWrites: 3, lastSlowWriteMs: 70.4, lastSlowWriteAt: 1_000_000,
  lastError: undefined, degradedSince: undefined,
};

const GOOD = { full: false, lost: { records: 0 } };

describe('the health of the log', () => {
  it('shows the counters in the shape of /ready', () => {
    expect(logHealthOf(STATS, { full: true, lost: { records: 4, at: 900_000 } }, 1_000_001)).to.deep.equal({
      writable: true, lines_written: 5, append_failures: 1, slow_writes: 3, last_slow_write_ms: 70, slow_lately: true, full: true, dropped_records: 4, dropped_lately: true,
    });
    expect(logHealthOf({ ...STATS, degradedSince: 1 }, GOOD, 1_000_001)).to.include({ writable: false, full: false, dropped_records: 0, dropped_lately: false });
  });
  it('forgets a slow write after five minutes', () => {
    expect(logHealthOf(STATS, GOOD, 1_000_000 + 5 * 60_000 - 1).slow_lately).to.equal(true);
    expect(logHealthOf(STATS, GOOD, 1_000_000 + 5 * 60_000).slow_lately).to.equal(false);
    expect(logHealthOf({ ...STATS, lastSlowWriteAt: undefined }, GOOD).slow_lately).to.equal(false);
  });
  it('forgets records that were dropped after five minutes, and keeps their number', () => {
    const dropped = (now: number): unknown => logHealthOf(STATS, { full: false, lost: { records: 4, at: 2_000_000 } }, now);
    expect(dropped(2_000_000 + 5 * 60_000 - 1)).to.include({ dropped_records: 4, dropped_lately: true });
    expect(dropped(2_000_000 + 5 * 60_000)).to.include({ dropped_records: 4, dropped_lately: false });
  });
});
