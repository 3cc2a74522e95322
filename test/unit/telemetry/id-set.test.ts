import { expect } from 'chai';
import { newRequestId } from '../../../src/domain/request-id.js';
import { IdSet } from '../../../src/telemetry/id-set.js';

describe('set of ids', () => {
  it('has what was added, once each, and nothing else', () => {
    const set = new IdSet();
    const ids = Array.from({ length: 200_000 }, (_, i) => newRequestId(1_700_000_000_000 + i));
    expect(ids.every((id) => set.add(id))).to.equal(true);
    expect(ids.some((id) => set.add(id))).to.equal(false);
    expect(set.size).to.equal(ids.length);
    expect(ids.every((id) => set.has(id))).to.equal(true);
    expect(ids.some((_, i) => set.has(newRequestId(1_800_000_000_000 + i)))).to.equal(false);
  });

  it('tells ids apart that differ in one character or in their order', () => {
    const set = new IdSet();
    const ids = ['', 'a', 'b', 'aa', 'ab', 'ba', 'a-b', 'b-a', ...Array.from({ length: 10_000 }, (_, i) => `request-${String(i)}`)];
    for (const id of ids) expect(set.add(id), id).to.equal(true);
    expect(set.size).to.equal(ids.length);
  });
});
