import { uptime } from 'node:os';
import { expect } from 'chai';
import { clockReading, judgeClock } from '../../../src/telemetry/clock-jump.js';

const HOUR = 3_600_000;

describe('a clock that is set', () => {
  const first = judgeClock({ wall: 1_000 * HOUR, monotonic: 0 }, undefined);
  it('cannot be seen in the first reading', () => expect(first).to.deep.include({ jumpMs: undefined, pauseAge: false }));
  for (const [what, wall, jump] of [
    ['an hour passed', 1_001 * HOUR, undefined], ['slewed by half an hour', 1_001.5 * HOUR, undefined], ['set on by two hours', 1_003 * HOUR, 2 * HOUR],
    ['set back by two hours', 999 * HOUR, -2 * HOUR],
  ] as const) {
    it(`${what}: ${jump ?? 'no jump'}`, () => {
      const judged = judgeClock({ wall, monotonic: HOUR }, first.reading);
      expect([judged.jumpMs, judged.pauseAge]).to.deep.equal([jump, jump !== undefined]);
    });
  }
  it('rests for a day of the monotonic clock, also across further readings; a second jump begins anew', () => {
    let judged = judgeClock({ wall: 2_000 * HOUR, monotonic: HOUR }, first.reading);
    judged = judgeClock({ wall: 2_024 * HOUR, monotonic: 24.9 * HOUR }, judged.reading);
    expect(judged.pauseAge).to.equal(true);
    judged = judgeClock({ wall: 1_000 * HOUR, monotonic: 24.95 * HOUR }, judged.reading);
    judged = judgeClock({ wall: 1_024 * HOUR, monotonic: 48 * HOUR }, judged.reading);
    expect(judged.pauseAge).to.equal(true);
    judged = judgeClock({ wall: 1_025 * HOUR, monotonic: 49 * HOUR }, judged.reading);
    expect(judged).to.deep.include({ pauseAge: false, jumpMs: undefined });
    expect(judged.reading.ageRestsUntil).to.equal(undefined);
  });
  it('is read from the wall clock and from the one that counts the time that the machine slept', () => {
    const { wall, monotonic } = clockReading();
    expect([Math.abs(wall - Date.now()) < 60_000, Math.abs(monotonic - uptime() * 1_000) < 60_000]).to.deep.equal([true, true]);
  });

  it('is not a machine that slept: both clocks went on', () => {
    const judged = judgeClock({ wall: 1_010 * HOUR, monotonic: 10 * HOUR }, first.reading);
    expect([judged.jumpMs, judged.pauseAge]).to.deep.equal([undefined, false]);
  });
});
