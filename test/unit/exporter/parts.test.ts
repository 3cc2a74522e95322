import { expect } from 'chai';
import fc from 'fast-check';
import { fullJitter } from '../../../src/exporter/backoff.js';
import { cautionsOf, suspectsAfterDeath, type Suspect } from '../../../src/exporter/cautions.js';
import { Concurrency } from '../../../src/exporter/concurrency.js';
import { Pause } from '../../../src/exporter/pause.js';
import { TIMING } from '../../../src/exporter/timing.js';
import { writerIsGone } from '../../../src/telemetry/writers.js';

describe('backoff', () => {
  it('lies between nothing and the exponential limit, and never above the cap', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const wait = fullJitter(attempt, 500, 30_000, () => random);
      expect(wait).to.be.within(0, Math.min(30_000, 500 * 2 ** Math.min(attempt - 1, 30)));
    }));
  });
});

describe('concurrency', () => {
  it('grows by success up to its limit and halves when the cluster has too much to do', () => {
    const concurrency = new Concurrency(4, 1);
    const seen = [];
    for (let i = 0; i < 20; i++) {
      concurrency.succeeded();
      seen.push(concurrency.limit);
    }
    expect(Math.max(...seen)).to.equal(4);
    concurrency.overloaded();
    expect(concurrency.limit).to.equal(2);
    for (let i = 0; i < 5; i++) concurrency.overloaded();
    expect(concurrency.limit).to.equal(1);
  });
});

describe('pause', () => {
  it('tells news once, and is longer the more fails', () => {
    const pause = new Pause(TIMING, () => 1);
    expect(pause.backOff(0, 'refused')).to.equal(true);
    expect(pause.until).to.equal(500);
    expect(pause.backOff(0, 'refused again')).to.equal(false);
    expect(pause.until).to.equal(1_000);
    for (let i = 0; i < 20; i++) pause.backOff(0, 'refused');
    expect(pause.until).to.equal(30_000);
    expect(pause.hold(30_000, 'HTTP 401', 'fix')).to.equal(true);
    expect(pause.until).to.equal(90_000);
    expect(pause.hold(90_000, 'HTTP 401', 'fix')).to.equal(false);
    expect(pause.hold(90_000, 'HTTP 403', 'fix')).to.equal(true);
    expect(pause.clear()).to.equal(true);
    expect(pause.clear()).to.equal(false);
    expect(pause.until).to.equal(0);
  });

  it('waits as long as the server asks', () => {
    const pause = new Pause(TIMING, () => 0);
    pause.backOff(0, 'HTTP 429', 7_000);
    expect(pause.until).to.equal(7_000);
  });
});

describe('what may have killed the thread', () => {
  const range = (start: number, end: number, lines: number): Suspect => ({ file: 'f', start, end, lines, deaths: 0 });

  it('is sent alone after one death, halved from the second on, and set aside as a single line', () => {
    let suspects: Suspect[] = [];
    const limits: number[] = [];
    let width = 64;
    // The culprit is line 37 of 64, each ten bytes long; batches are cut from the front.
    let start = 0;
    for (let death = 0; death < 20; death++) {
      suspects = suspectsAfterDeath(suspects, [range(start * 10, (start + width) * 10, width)]);
      const caution = cautionsOf(suspects).find((each) => each.start <= 370 && each.end > 370);
      if (caution === undefined) throw new Error('lost the culprit');
      limits.push(caution.maxLines);
      if (caution.maxLines === 0) break;
      const size = caution.maxLines;
      const at = Math.floor((37 - start) / size);
      start += at * size;
      width = Math.min(size, width);
    }
    expect(limits).to.deep.equal([64, 32, 16, 8, 4, 2, 1, 0]);
  });

  it('leaves others alone', () => {
    const suspects = suspectsAfterDeath([{ ...range(0, 100, 10), deaths: 1 }], [range(200, 300, 10), { ...range(0, 100, 10), file: 'g' }]);
    expect(suspects.map(({ deaths }) => deaths)).to.deep.equal([1, 1, 1]);
    expect(cautionsOf(suspects).every(({ maxLines }) => maxLines === 10)).to.equal(true);
  });
});

describe('a writer', () => {
  it('is gone where its process is, or where its process writes under another name', () => {
    const writers = new Map([[process.pid, `${String(process.pid)}-now`]]);
    expect(writerIsGone(`${String(process.pid)}-now`, writers)).to.equal(false);
    expect(writerIsGone(`${String(process.pid)}-before`, writers)).to.equal(true);
    expect(writerIsGone(`${String(process.ppid)}-x`, writers)).to.equal(false);
    expect(writerIsGone('999999999-x', writers)).to.equal(true);
  });
});
