import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ExportHarness, sleep } from './harness.js';

describe('export', () => {
  let harness: ExportHarness;

  beforeEach(async () => { harness = await ExportHarness.make(); });
  afterEach(() => harness.dispose());

  it('writes every record once, into the index of its day', async () => {
    const yesterday = Date.now() - 24 * 3_600_000;
    await harness.write(3_000);
    await harness.start();
    await harness.drained();
    await harness.write(500, { receivedAt: yesterday });
    const { counters } = await harness.drained();
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
    expect(counters.exported).to.equal(3_500);
    const answer = await harness.must('GET', `/${harness.daily(yesterday)}/_count`) as { count: number };
    expect(answer.count).to.equal(500);
  });

  it('goes on where Node was started with options that a thread may not be given', async () => {
    const options = process.execArgv.length;
    process.execArgv.push('--max-old-space-size=4000', '--title=gateway');
    try {
      await harness.write(10);
      await harness.start();
      await harness.drained();
    } finally {
      process.execArgv.splice(options);
    }
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });

  it('sends nothing again after a restart', async () => {
    await harness.write(2_000);
    await harness.start();
    await harness.drained();
    await harness.stop();
    await harness.rotate();
    await harness.write(10);
    await harness.start();
    const { counters } = await harness.drained();
    expect(counters).to.include({ exported: 10, existing: 0 });
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
    expect(await readdir(join(harness.dir, 'retry'))).to.deep.equal([]);
  });

  it('sends what was written just before it was told to stop', async () => {
    await harness.write(5);
    // It looks for lines rarely: what it has not seen yet must go all the same.
    await harness.start({ timing: { pollMs: 10_000 } });
    await harness.drained();
    await sleep(300);
    await harness.write(20);
    await harness.stop();
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });
});
