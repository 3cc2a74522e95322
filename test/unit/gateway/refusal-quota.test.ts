import { expect } from 'chai';
import { RefusalQuota } from '../../../src/gateway/refusal-quota.js';

describe('the quota of recorded refusals', () => {
  it('is 60 a minute, and tells once how many were left out', () => {
    const told: number[] = [];
    const quota = new RefusalQuota((count) => { told.push(count); });
    const takes = (from: number, count: number): number => Array.from({ length: count }, (_, i) => quota.take(from + i)).filter(Boolean).length;
    expect(takes(5, 59)).to.equal(59);
    expect(takes(100, 100)).to.equal(1);
    expect([quota.unrecorded, told]).to.deep.equal([99, []]);
    expect(takes(60_005, 61)).to.equal(60);
    expect([quota.unrecorded, told]).to.deep.equal([100, [99]]);
    expect(takes(1_000_000, 1)).to.equal(1);
    expect(told).to.deep.equal([99, 1]);
  });
});
