import { expect } from 'chai';
import { PrimaryChannel } from '../../../src/server/primary-channel.js';
import { fromPrimary, fromWorker } from '../../../src/server/worker-channel.js';
import { restartDelay } from '../../../src/server/worker-pool.js';

describe('workers and their primary', () => {
  it('a worker that ends soon after its start waits longer each time, at most 30 s', () => {
    expect([1, 2, 3, 4, 5, 6, 100].map(restartDelay)).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('a worker whose primary is silent fails and says so', async () => {
    const error: unknown = await new PrimaryChannel().greet(20).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'primary_silent', exitCode: 1 });
  });

  it('messages of other software are passed over', () => {
    for (const message of [null, undefined, 5, 'text', {}, { type: 5 }, { type: 'pm2' }]) {
      expect([fromPrimary(message), fromWorker(message)]).to.deep.equal([undefined, undefined]);
    }
  });
});
