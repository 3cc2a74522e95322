import { expect } from 'chai';
import { logHealthOf } from '../../../src/server/telemetry.js';

const STATS = {
  linesWritten: 5, bytesWritten: 6, appendFailures: 1, ioErrors: 2, slowWrites: 3, lastSlowWriteMs: 70.4, lastSlowWriteAt: 1_000_000,
  lastError: undefined, degradedSince: undefined,
};

describe('the health of the log', () => {
  it('shows the counters in the shape of /ready', () => {
    expect(logHealthOf(STATS, true, 1_000_001)).to.deep.equal({
      writable: true, lines_written: 5, append_failures: 1, slow_writes: 3, last_slow_write_ms: 70, slow_lately: true, full: true,
    });
    expect(logHealthOf({ ...STATS, degradedSince: 1 }, false, 1_000_001)).to.include({ writable: false, full: false });
  });
  it('forgets a slow write after five minutes', () => {
    expect(logHealthOf(STATS, false, 1_000_000 + 5 * 60_000 - 1).slow_lately).to.equal(true);
    expect(logHealthOf(STATS, false, 1_000_000 + 5 * 60_000).slow_lately).to.equal(false);
    expect(logHealthOf({ ...STATS, lastSlowWriteAt: undefined }, false).slow_lately).to.equal(false);
  });
});
