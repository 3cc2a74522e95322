import { expect } from 'chai';
import fc from 'fast-check';
import { KeptBytes } from '../../../src/wire/kept-bytes.js';

describe('bytes that are kept in pieces', () => {
  const sizes = fc.array(fc.oneof(fc.nat(3), fc.nat(5_000), fc.integer({ min: 4_000, max: 9_000 })), { maxLength: 60 });

  it('are what came, in its order', () => {
    fc.assert(fc.property(sizes, (lengths) => {
      const kept = new KeptBytes();
      const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
      for (const chunk of chunks) kept.push(chunk);
      const all = Buffer.concat(chunks);
      expect(kept.length).to.equal(all.length);
      expect(kept.take().equals(all)).to.equal(true);
      expect(kept.length).to.equal(0);
      expect(kept.take()).to.have.length(0);
    }));
  });

  it('keep their end where not all is wanted', () => {
    fc.assert(fc.property(sizes, fc.nat(20_000), (lengths, wanted) => {
      const kept = new KeptBytes();
      const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
      for (const chunk of chunks) {
        kept.push(chunk);
        kept.keepLast(wanted);
      }
      const all = Buffer.concat(chunks);
      const end = kept.take();
      expect(end.length).to.be.at.least(Math.min(wanted, all.length));
      expect(end.equals(all.subarray(all.length - end.length))).to.equal(true);
    }));
  });

  it('of one chunk are that chunk, without a copy', () => {
    const chunk = Buffer.from('all');
    const kept = new KeptBytes();
    kept.push(chunk);
    expect(kept.take()).to.equal(chunk);
  });
});
