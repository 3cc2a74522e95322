import { expect } from 'chai';
import { printable, printableLines } from '../../../src/cli/printable.js';

describe('printable text', () => {
  it('writes out what could steer a terminal', () => {
    expect(printable('\x1b[31mred\x07\x7f\x9b')).to.equal('\\x1b[31mred\\x07\\x7f\\x9b');
    expect(printable('a\nb\tc\r')).to.equal('a\\x0ab\\x09c\\x0d');
    expect(printable('abc\u202edef\u2066')).to.equal('abc\\u202edef\\u2066');
  });

  it('leaves every other character', () => {
    expect(printable('naïve – 東京 🙂')).to.equal('naïve – 東京 🙂');
  });

  it('keeps lines apart where there may be several', () => {
    expect(printableLines('a\x1b\nb')).to.equal('a\\x1b\nb');
  });
});
