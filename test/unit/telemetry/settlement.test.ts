import { expect } from 'chai';
import fc from 'fast-check';
import { Settlement, type Span } from '../../../src/telemetry/settlement.js';

describe('settlement', () => {
  it('is the end of the beginning without a gap, whatever the order', () => {
    fc.assert(fc.property(
      fc.array(fc.record({ length: fc.integer({ min: 1, max: 50 }), way: fc.integer({ min: 0, max: 2 }), junk: fc.boolean() }), { maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      (lines, order) => {
        const settlement = new Settlement();
        settlement.begin('f', 7);
        let end = 7;
        const last = new Map<number, Span>();
        const open: { end: number; span: Span }[] = [];
        const all: { end: number; done: boolean }[] = [];
        for (const { length, way, junk } of lines) {
          end += length;
          if (junk) settlement.skip('f', end);
          else {
            const span = settlement.add('f', end, last.get(way));
            last.set(way, span);
            open.push({ end, span });
          }
          all.push({ end, done: junk });
        }
        settlement.finish('f', end);
        for (const pick of order) {
          if (open.length === 0) break;
          const [line] = open.splice(pick % open.length, 1);
          if (line === undefined) break;
          settlement.settle(line.span);
          const entry = all.find((each) => each.end === line.end);
          if (entry !== undefined) entry.done = true;
          const gap = all.findIndex(({ done }) => !done);
          const safe = gap === -1 ? end : gap === 0 ? 7 : all[gap - 1]?.end ?? 7;
          // Never beyond a line that is open; spans may make it lag.
          expect(settlement.settled('f')).to.be.at.most(safe);
          expect(settlement.isDone('f')).to.equal(open.length === 0);
        }
        if (open.length === 0) expect(settlement.settled('f')).to.equal(end);
      },
    ));
  });

  it('does not mind a file that was forgotten meanwhile', () => {
    const settlement = new Settlement();
    settlement.begin('f', 0);
    const span = settlement.add('f', 10, undefined);
    settlement.forget('f');
    settlement.settle(span);
    expect(settlement.settled('f')).to.equal(undefined);
    expect(settlement.isDone('f')).to.equal(false);
  });
});
