import { expect } from 'chai';
import { BoundedMap } from '../../../src/domain/bounded-map.js';

describe('a bounded map', () => {
  it('keeps what it is given, up to its limit, and then begins anew', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect([map.get('a'), map.get('b'), map.get('c')]).to.deep.equal([1, 2, undefined]);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).to.deep.equal([undefined, undefined, 3]);
  });

  it('keeps no key that is too long', () => {
    const map = new BoundedMap<number>(2, 3);
    map.set('abc', 1);
    map.set('abcd', 2);
    expect([map.get('abc'), map.get('abcd')]).to.deep.equal([1, undefined]);
  });
});
