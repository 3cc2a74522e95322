import { expect } from 'chai';
import { keepIn, Slabs, type Slab } from '../../../src/exporter/slabs.js';

describe('memory for the lines of batches', () => {
  it('is used again, and what is not kept for that is given back at once', () => {
    const slabs = new Slabs();
    const taken = Array.from({ length: 4 }, () => slabs.take() as Slab);
    const memories = taken.map(({ memory }) => memory);
    for (const slab of taken) slabs.give(slab);
    expect(memories.map(({ length }) => length > 0)).to.deep.equal([true, true, false, false]);
    expect([slabs.take()?.memory, slabs.take()?.memory]).to.have.members(memories.slice(0, 2));
    expect(memories).not.to.include(slabs.take()?.memory);
  });

  it('is given for so many batches and no more', () => {
    const slabs = new Slabs(2);
    const first = slabs.take() as Slab;
    expect(slabs.take()).not.to.equal(undefined);
    expect(slabs.take()).to.equal(undefined);
    slabs.give(first);
    expect(slabs.take()).not.to.equal(undefined);
  });

  it('takes lines as long as it has room', () => {
    const slab = new Slabs().take() as Slab;
    const kept = keepIn(slab, Buffer.from('a\nb\n'), 2);
    expect([kept?.toString(), slab.used, slab.open]).to.deep.equal(['a\nb\n', 4, 2]);
    expect(keepIn(slab, Buffer.alloc(slab.memory.length), 1)).to.equal(undefined);
    expect([slab.used, slab.open]).to.deep.equal([4, 2]);
  });
});
