import { expect } from 'chai';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { exchangeOf, ExportHarness } from './harness.js';

const RECORDS = 90_000;
const BULK_BYTES = 4 * 1024 * 1024;
/** Requests that may be under way at a time. */
const AT_ONCE = 4;

// How fast it drains is the cluster's affair and the benchmark's; that nothing here makes it wait is seen from what is sent.
describe('a backlog', function () {
  this.timeout(180_000);
  let harness: ExportHarness;
  beforeEach(async () => { harness = await ExportHarness.make(); });
  afterEach(() => harness.dispose());

  it('goes in full requests, without a pause between them, and the oldest first', async () => {
    for (let segment = 0; segment < 3; segment++) {
      await harness.rotate();
      await harness.write(RECORDS / 3);
    }
    const line = recordLine(exchangeOf(), { instance: 'test', version: '0.0.0' }).length;
    const perRequest = Math.ceil(BULK_BYTES / line);
    await harness.start({ timing: { statusMs: 5, pollMs: 600_000, batchAgeMs: 600_000 } });
    // With a thread that would sleep for ten minutes between looks, only a loop that goes on by itself gets this far.
    await harness.until('under way', ({ counters }) => counters.exported >= 2 * perRequest);
    await harness.stop(0);
    const there = new Set(await harness.ids());
    const places = harness.written.map((id, place) => (there.has(id) ? place : -1)).filter((place) => place !== -1);
    expect(places.at(-1)).to.be.below(there.size + AT_ONCE * perRequest);
    await harness.start();
    const { counters } = await harness.drained();
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
    // Each run of it ends with one that is not full, and an attempt that was cut off comes again.
    expect(counters.bulkRequests).to.be.at.most(Math.ceil(RECORDS / perRequest) + AT_ONCE + 2);
  });
});
