import { expect } from 'chai';
import { hasColor, paint } from '../../../src/cli/color.js';

const TERMINAL = { isTTY: true };
const PIPE = {};

describe('colour', () => {
  it('is for terminals alone', () => {
    expect(hasColor(TERMINAL, { TERM: 'xterm' })).to.equal(true);
    expect(hasColor(PIPE, { TERM: 'xterm' })).to.equal(false);
    expect(hasColor(TERMINAL, { TERM: 'dumb' })).to.equal(false);
  });

  it('is forbidden by NO_COLOR, whatever else is set; an empty one says nothing', () => {
    expect(hasColor(TERMINAL, { NO_COLOR: '1', FORCE_COLOR: '1' })).to.equal(false);
    expect(hasColor(TERMINAL, { NO_COLOR: '' })).to.equal(true);
  });

  it('is forced into a pipe by FORCE_COLOR', () => {
    expect(hasColor(PIPE, { FORCE_COLOR: '1' })).to.equal(true);
    expect(hasColor(TERMINAL, { FORCE_COLOR: '0' })).to.equal(false);
  });

  it('leaves the text as it is where there is none', () => {
    expect(paint('red', 'x', false)).to.equal('x');
    expect(paint('red', 'x', true)).to.equal('\x1b[31mx\x1b[39m');
  });
});
