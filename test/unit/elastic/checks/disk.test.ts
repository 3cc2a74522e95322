import { expect } from 'chai';
import { leastFree, watermarksOf } from '../../../../src/elastic/checks/disk.js';

const GIB = 2 ** 30;

describe('the disk watermarks', () => {
  it('are those in force: transient over persistent over defaults', () => {
    const level = (watermark: Record<string, string>): unknown => ({ cluster: { routing: { allocation: { disk: { watermark } } } } });
    expect(watermarksOf({ defaults: level({ low: '85%', high: '90%' }), persistent: level({ low: '80%' }), transient: level({ high: '10gb' }) })).to.deep.equal({ low: '80%', high: '10gb' });
  });

  it('say how much must stay free, as a share, a ratio or an amount, with the cap of large disks', () => {
    expect(leastFree({ low: '85%' }, 'low', 100 * GIB)).to.be.closeTo(15 * GIB, 1000);
    expect(leastFree({ low: '0.85' }, 'low', 100 * GIB)).to.be.closeTo(15 * GIB, 1000);
    expect(leastFree({ low: '500mb' }, 'low', 100 * GIB)).to.equal(500 * 2 ** 20);
    expect(leastFree({ low: '85%', 'low.max_headroom': '200GB' }, 'low', 10_000 * GIB)).to.equal(200 * GIB);
    expect(leastFree({}, 'low', 100 * GIB)).to.equal(0);
  });
});
