import { expect } from 'chai';
import { DrainWatch } from '../../faults/drain-watch.js';

describe('the watch over drains', () => {
  it('measures from the oldest record that waits until the export has caught up, and keeps the longest', () => {
    const watch = new DrainWatch();
    watch.saw(2, 10_000); // waits for its batch
    expect(watch.longestMs).to.equal(0);
    watch.saw(5, 20_000);
    watch.saw(undefined, 24_000); // a gateway that was killed: it is behind all the same
    watch.saw(4, 30_000);
    expect(watch.longestMs).to.equal(15_000);
    watch.saw(1, 31_000);
    watch.saw(9, 60_000);
    watch.saw(null, 61_000);
    watch.saw(4, 90_000);
    expect(watch.longestMs).to.equal(15_000);
  });
});
