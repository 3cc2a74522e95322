import { expect } from 'chai';
import { FaultProxy } from '../../support/fault-proxy.js';
import { cluster } from '../elastic/cluster.js';
import { ExportHarness, sleep } from './harness.js';

describe('export over a broken network', () => {
  let harness: ExportHarness;
  let proxy: FaultProxy;

  beforeEach(async () => {
    proxy = await FaultProxy.start(cluster().url);
    harness = await ExportHarness.make({ urls: [proxy.url] }, { urls: [cluster().url] });
  });
  afterEach(async () => {
    await harness.dispose();
    await proxy.stop();
  });

  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };

  it('waits while connections are refused, and resumes', async () => {
    proxy.set({ kind: 'refuse' });
    await harness.write(500);
    await harness.start();
    const { reason, backlogBytes } = await harness.until('backing off', ({ state }) => state === 'backing-off');
    expect(reason).to.be.a('string').and.not.to.equal('');
    expect(backlogBytes).to.be.greaterThan(0);
    proxy.set({ kind: 'none' });
    await harness.drained();
    await all();
  });

  it('confirms what was there already after answers that were cut', async () => {
    await harness.write(10);
    await harness.start();
    await harness.drained();
    proxy.set({ kind: 'reset-answers', afterBytes: 0, to: '/_bulk' }, true);
    await harness.write(700);
    await harness.until('cut', ({ counters }) => counters.bulkFailures > 0);
    proxy.set({ kind: 'none' });
    const { counters } = await harness.drained();
    // Written by the attempts whose answers were cut, there at the next, and asked for once more.
    expect(counters.existing).to.be.greaterThan(0);
    expect(counters.exported + counters.existing).to.equal(710);
    expect(counters.recovered).to.equal(0);
    await all();
  });

  it('writes once more what was lost with a shard between the attempt and its confirmation', async () => {
    await harness.write(10);
    await harness.start({ timing: { confirmMs: 4_000 } });
    await harness.drained();
    proxy.set({ kind: 'reset-answers', afterBytes: 0, to: '/_bulk' }, true);
    const [lost = ''] = await harness.write(100);
    await harness.until('cut', ({ counters }) => counters.bulkFailures > 0);
    proxy.set({ kind: 'none' });
    // They are there, and to be confirmed: what a primary knew that died before its replicas did.
    await harness.until('to be confirmed', ({ retryBytes, backlogBytes }) => retryBytes > 0 && backlogBytes === 0);
    await harness.must('DELETE', `/${harness.daily()}/_doc/${lost}`);
    const { counters } = await harness.drained();
    expect(counters.recovered).to.equal(1);
    await all();
  });

  it('resumes after answers that stop half-way and after a black hole', async () => {
    await harness.write(10);
    await harness.start();
    await harness.drained();
    proxy.set({ kind: 'stall-answers', afterBytes: 40 }, true);
    await harness.write(50);
    await sleep(300);
    proxy.set({ kind: 'black-hole' });
    await harness.write(50);
    await sleep(300);
    expect(proxy.hits).to.be.greaterThan(0);
    proxy.set({ kind: 'none' }, true);
    await harness.drained();
    await all();
  });

  it('splits what only shows as resets to be too large, and keeps the limit', async () => {
    await harness.write(10);
    await harness.start();
    await harness.drained();
    proxy.set({ kind: 'reset-large-requests', beyondBytes: 300_000 }, true);
    await harness.write(3_000);
    const { counters } = await harness.drained();
    expect(counters.splits).to.be.greaterThan(0);
    await harness.write(3_000);
    const later = (await harness.drained()).counters;
    expect(later.splits).to.equal(counters.splits);
    await all();
  });

  it('survives resets at random while records come', async () => {
    await harness.start();
    for (let round = 0; round < 12; round++) {
      await harness.write(200);
      proxy.set({ kind: 'reset-answers', afterBytes: round * 97 }, round % 3 === 0);
      await sleep(60);
      proxy.cut();
      proxy.set({ kind: 'none' });
    }
    await harness.drained();
    await all();
  });
});
