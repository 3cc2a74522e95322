import { expect } from 'chai';
import { countLines, halves, oneByOne, type Batch, type ReadRun } from '../../../src/exporter/batch.js';
import { FRAMING, Work } from '../../../src/exporter/work.js';
import { Settlement } from '../../../src/telemetry/settlement.js';

const FILE = 'f';

describe('work', () => {
  let settlement: Settlement;
  let offset = 0;
  beforeEach(() => {
    settlement = new Settlement();
    settlement.begin(FILE, 0);
    offset = 0;
  });

  const open = (maxBatchBytes?: number): Work => new Work({ settlement, name: 'i', layout: 'single', ...(maxBatchBytes !== undefined && { maxBatchBytes }) });
  /** The next lines of the file, each of that length. */
  const run = (texts: readonly string[]): ReadRun => {
    const lines = texts.map((text) => Buffer.from(`${text}\n`));
    let end = 0;
    const ends = lines.map(({ length }) => end += length);
    const start = offset;
    offset += end;
    return { bytes: Buffer.concat(lines), ends, file: FILE, start, replayed: false, confirming: false };
  };
  const numbered = (count: number, length: number): string[] => Array.from({ length: count }, (_, i) => String(i).padStart(length - 1, '.'));
  const take = (work: Work): Batch[] => {
    work.flush(1, 0);
    const batches: Batch[] = [];
    for (let batch = work.take(1, () => true); batch !== undefined; batch = work.take(1, () => true)) batches.push(batch);
    return batches;
  };
  const text = ({ runs }: Batch): string => runs.map(({ bytes }) => bytes.toString()).join('');

  it('cuts lines into batches of bounded bytes and lines, in order', () => {
    const work = open(10 * (100 + FRAMING));
    const lines = numbered(25, 100);
    work.add(work.laneOf(''), run(lines.slice(0, 4)), 0);
    work.add(work.laneOf(''), run(lines.slice(4)), 0);
    const batches = take(work);
    expect(batches.map((batch) => batch.lines)).to.deep.equal([10, 10, 5]);
    expect(batches.map(({ bytes }) => bytes)).to.deep.equal([10, 10, 5].map((count) => count * (100 + FRAMING)));
    expect(batches.map(text).join('')).to.equal(`${lines.join('\n')}\n`);
    for (const batch of batches) expect(batch.lines).to.equal(countLines(batch.runs));
    work.add(work.laneOf(''), run(numbered(5, 10)), 0, 2);
    expect(take(work).map((batch) => batch.lines)).to.deep.equal([2, 2, 1]);
  });

  it('takes a line that is longer than a batch may be', () => {
    const work = open(1_000);
    work.add(work.laneOf(''), run(numbered(2, 5_000)), 0);
    expect(take(work).map((batch) => batch.lines)).to.deep.equal([1, 1]);
  });

  it('knows lines and their places when they are halved and sent one by one', () => {
    const work = open();
    const lines = numbered(7, 10);
    work.add(work.laneOf(''), run(lines.slice(0, 5)), 0);
    work.add(work.laneOf(''), run(lines.slice(5)), 0);
    const parts = halves(take(work)[0] as Batch, FRAMING);
    expect(parts.map((batch) => batch.lines)).to.deep.equal([4, 3]);
    expect(parts.map(({ bytes }) => bytes)).to.deep.equal([4 * (10 + FRAMING), 3 * (10 + FRAMING)]);
    const single = parts.flatMap(({ runs }) => runs.flatMap(oneByOne));
    expect(single.map(({ bytes }) => bytes.toString().trim())).to.deep.equal(lines);
    expect(single.map(({ start }) => start)).to.deep.equal([0, 10, 20, 30, 40, 50, 60]);
    for (const each of single.slice(1)) work.settle(each);
    expect(settlement.settled(FILE)).to.equal(0);
    work.settle(single[0] as typeof single[number]);
    expect(settlement.settled(FILE)).to.equal(70);
    expect(work.bytes).to.equal(0);
  });

  it('keeps lines whatever becomes of the memory that they were read into, until they are settled', () => {
    const work = open(1_000);
    const expected: string[] = [];
    const waiting: Batch[] = [];
    for (let round = 0; round < 50; round++) {
      const read = run(numbered(20, 40).map((line) => line.replaceAll('.', String.fromCharCode(65 + round % 26))));
      const lines = read.bytes.toString();
      work.add(work.laneOf(''), read, 0);
      read.bytes.fill('#');
      const [batch, ...others] = take(work) as [Batch, ...Batch[]];
      for (const each of [batch, ...others]) waiting.push(each);
      expected.push(lines);
      if (round % 3 !== 0) continue;
      // Half of the lines of the oldest batch: the rest of it must stay as it is.
      const oldest = waiting[0] as Batch;
      const first = oldest.runs[0];
      const [gone, ...left] = first === undefined ? [] : oneByOne(first);
      if (gone !== undefined) work.settle(gone);
      oldest.runs.splice(0, 1, ...left);
      expected[0] = (expected[0] ?? '').slice(gone?.bytes.length ?? 0);
    }
    expect(waiting.map(text).join('')).to.equal(expected.join(''));
  });

  it('holds no large memory for each of many small batches, and uses that of settled ones again', () => {
    const work = open();
    const large = (batches: readonly Batch[]): Set<ArrayBufferLike> =>
      new Set(batches.flatMap(({ runs }) => runs.map(({ bytes }) => bytes.buffer)).filter(({ byteLength }) => byteLength > 1024 * 1024));
    const batch = (): Batch => {
      work.add(work.laneOf(''), run(['line']), 0);
      return take(work)[0] as Batch;
    };
    const waiting = Array.from({ length: 100 }, batch);
    const before = large(waiting);
    expect(before.size).to.be.within(1, 8);
    for (const { runs } of waiting) for (const each of runs) work.settle(each);
    const [memory] = large([batch()]);
    expect(before.has(memory as ArrayBufferLike)).to.equal(true);
  });
});
