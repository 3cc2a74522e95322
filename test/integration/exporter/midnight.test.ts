import { expect } from 'chai';
import { FaultProxy } from '../../support/fault-proxy.js';
import { cluster } from '../elastic/cluster.js';
import { ExportHarness } from './harness.js';

const DAY_MS = 86_400_000;

describe('export across midnight', () => {
  let proxy: FaultProxy;
  let harness: ExportHarness;
  /** The last hour of yesterday and the first of today, UTC. */
  const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

  beforeEach(async () => {
    proxy = await FaultProxy.start(cluster().url);
    harness = await ExportHarness.make({ urls: [proxy.url] }, { urls: [cluster().url] });
  });
  afterEach(async () => {
    await harness.dispose();
    await proxy.stop();
  });

  const idsOn = async (time: number): Promise<string[]> => {
    const index = `${harness.index}-${day(time)}`;
    await harness.must('POST', `/${index}/_refresh`);
    const body = await harness.must('POST', `/${index}/_search`, { size: 10_000, _source: false }) as { hits: { hits: { _id: string }[] } };
    return body.hits.hits.map(({ _id }) => _id).sort();
  };

  it('repeats what was cut off before midnight after it, into the index of its own day', async () => {
    const early = await harness.write(10, { receivedAt: midnight - 1_000 });
    await harness.start();
    await harness.drained();
    // Yesterday's records get there, and nobody here learns of it: the gateway ends in that moment.
    proxy.set({ kind: 'reset-answers', afterBytes: 0, to: '/_bulk' }, true);
    const before = await harness.write(400, (i) => ({ receivedAt: midnight - 400 + i }));
    await harness.until('cut', ({ counters }) => counters.bulkFailures > 0);
    await harness.stop(0);
    await harness.rotate();
    proxy.set({ kind: 'none' });
    const after = await harness.write(400, (i) => ({ receivedAt: midnight + i }));
    await harness.start();
    await harness.drained();
    expect(await idsOn(midnight - 1)).to.deep.equal([...early, ...before].sort());
    expect(await idsOn(midnight)).to.deep.equal([...after].sort());
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });

  it('takes the order from the log, not from a clock that was set back', async () => {
    const first = await harness.write(50, (i) => ({ receivedAt: midnight + 3_600_000 + i }));
    await harness.rotate();
    const second = await harness.write(50, (i) => ({ receivedAt: midnight - 3_600_000 + i }));
    await harness.start();
    await harness.drained();
    expect(await idsOn(midnight)).to.deep.equal([...first].sort());
    expect(await idsOn(midnight - 1)).to.deep.equal([...second].sort());
  });
});
