import { expect } from 'chai';
import fc from 'fast-check';
import { CollectedBytes } from '../../../src/wire/collected-bytes.js';

describe('collected bytes', () => {
  const sizes = fc.array(fc.oneof(fc.nat(3), fc.nat(5_000), fc.integer({ min: 4_000, max: 9_000 })), { maxLength: 60 });

  it('are what came, in its order', () => {
    fc.assert(fc.property(sizes, (lengths) => {
      const collected = new CollectedBytes();
      const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
      for (const chunk of chunks) collected.push(chunk);
      const all = Buffer.concat(chunks);
      expect(collected.length).to.equal(all.length);
      expect(collected.take().equals(all)).to.equal(true);
      expect(collected.length).to.equal(0);
      expect(collected.take()).to.have.length(0);
    }));
  });

  it('keep their end where not all is wanted', () => {
    fc.assert(fc.property(sizes, fc.nat(20_000), (lengths, wanted) => {
      const collected = new CollectedBytes();
      const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
      for (const chunk of chunks) {
        collected.push(chunk);
        collected.keepLast(wanted);
      }
      const all = Buffer.concat(chunks);
      const kept = collected.take();
      expect(kept.length).to.be.at.least(Math.min(wanted, all.length));
      expect(kept.equals(all.subarray(all.length - kept.length))).to.equal(true);
    }));
  });

  it('of one chunk are that chunk, without a copy', () => {
    const chunk = Buffer.from('all');
    const collected = new CollectedBytes();
    collected.push(chunk);
    expect(collected.take()).to.equal(chunk);
  });

  it('of a byte each are held in a few pieces, not as a chunk each', () => {
    const count = 300_000;
    const collected = new CollectedBytes();
    for (let i = 0; i < count; i++) {
      collected.push(Buffer.from([i & 0xff]));
    }
    expect(collected.pieces).to.be.below(20);
    expect(collected.take()).to.have.length(count);
  });
});
