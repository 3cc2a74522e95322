import { expect } from 'chai';
import { ExportHarness } from './harness.js';

describe('two gateways on one index', () => {
  let one: ExportHarness;
  let other: ExportHarness;

  before(async () => {
    one = await ExportHarness.make();
    other = await ExportHarness.make({ index: one.index });
  });
  after(async () => {
    await one.dispose();
    await other.dispose();
  });

  it('prepare it at the same moment, and every record of both is there once', async () => {
    const receivedAt = Date.now(); // the same millisecond for all: the random part alone tells ids apart
    await one.write(2_000, { receivedAt });
    await other.write(2_000, { receivedAt });
    await Promise.all([one.start(), other.start()]);
    const ended = [await one.drained(), await other.drained()];
    expect(ended.map(({ counters }) => [counters.exported, counters.existing, counters.deadLetters])).to.deep.equal([[2_000, 0, 0], [2_000, 0, 0]]);
    expect(await one.ids()).to.deep.equal([...one.written, ...other.written].sort());
  });
});
