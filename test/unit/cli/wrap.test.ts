import { expect } from 'chai';
import { wrapped } from '../../../src/cli/wrap.js';

describe('text in a narrow terminal', () => {
  it('breaks between words, never inside of one', () => {
    expect(wrapped('No room for: prov. ms. A wider terminal shows them.', 20)).to.equal('No room for: prov.\nms. A wider terminal\nshows them.');
    expect(wrapped('see https://example.com/a-long-address now', 10)).to.equal('see\nhttps://example.com/a-long-address\nnow');
    expect(wrapped('one two three', 9, '  ')).to.equal('one two\n  three');
    expect(wrapped('  one two three', 9, '  ')).to.equal('  one two\n    three');
  });

  it('keeps lines, and what fits or has no width', () => {
    expect(wrapped('a b\nc d', 3)).to.equal('a b\nc d');
    expect(wrapped('a long sentence', undefined)).to.equal('a long sentence');
  });
});
