import { expect } from 'chai';
import type { Context } from '../../../src/exporter/context.js';
import { Intake } from '../../../src/exporter/intake.js';
import { Work } from '../../../src/exporter/work.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { Settlement } from '../../../src/telemetry/settlement.js';
import type { Tail, TailChunk } from '../../../src/telemetry/tail.js';
import { FULL } from '../telemetry/exchanges.js';

const MIB = 1024 * 1024;

describe('what the exporter reads', () => {
  it('is bounded in memory, whatever the backlog, and goes on when lines are settled', async () => {
    const settlement = new Settlement();
    settlement.begin('f', 0);
    const line = Buffer.from(recordLine(FULL, { instance: 'i', version: '0' }));
    const bytes = Buffer.concat(Array<Buffer>(Math.floor(MIB / line.length)).fill(line));
    let start = 0;
    // A backlog without end.
    const tail = { next: (): Promise<TailChunk> => {
      const chunk = { bytes, start, end: start + bytes.length, segment: 'f' };
      start = chunk.end;
      return Promise.resolve(chunk);
    } } as unknown as Tail;
    const work = new Work({ settlement, name: 'i', layout: 'daily' });
    const context = {
      work, cautions: [], counters: { brokenLines: 0, expired: 0 }, now: () => 0, retry: { queues: () => [], bytes: 0 },
    } as unknown as Context;
    const intake = new Intake({ context, settlement, tail, maxTelemetryBytes: 10 * 1024 * MIB, replayedUntil: new Map() });

    expect(await intake.fill()).to.equal(true);
    const read = start;
    expect(read).to.be.within(23 * MIB, 25 * MIB);
    expect(work.bytes).to.equal(read);
    expect(await intake.fill()).to.equal(false);
    expect(start).to.equal(read);

    const batch = work.take(0, () => true);
    for (const run of batch?.runs ?? []) work.settle(run);
    expect(await intake.fill()).to.equal(true);
    expect(start).to.be.greaterThan(read);
    expect(work.bytes).to.be.within(23 * MIB, 25 * MIB);
  });
});
