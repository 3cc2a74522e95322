import { expect } from 'chai';
import { describeDifferences, diffJson } from '../../../src/elastic/json-diff.js';

describe('the difference of two JSON values', () => {
  it('is empty for equal ones, whatever the order of keys', () => {
    expect(diffJson({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).to.deep.equal([]);
  });

  it('names the leaves that differ, are missing or are too many', () => {
    const differences = diffJson({ a: { b: 1, c: 'x' }, only: [1] }, { a: { b: 2, c: 'x' }, more: null });
    expect(describeDifferences(differences)).to.deep.equal(['a.b: found 1, documented 2', 'more: found nothing, documented null', 'only: found [1], documented nothing']);
  });
});
