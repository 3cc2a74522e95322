import { expect } from 'chai';
import { readableLine } from '../../../src/server/log-line.js';

const LINE = { level: 'warn', time: '2026-11-25T08:21:47.410Z', name: 'gateway' };

describe('a readable line of the log', () => {
  it('has time, level, message and fields', () => {
    const line = JSON.stringify({ ...LINE, model: 'gpt-4o', count: 2, msg: 'no price is known' });
    expect(readableLine(line, false)).to.equal('08:21:47 warn  no price is known model=gpt-4o count=2\n');
  });

  it('quotes what is no bare word, so that no value can steer the terminal or invent a line', () => {
    const line = JSON.stringify({ ...LINE, model: 'a\x1b[2J\n08:00:00 info b', path: 'x\x9b\u202e', msg: 'm' });
    expect(readableLine(line, false)).to.equal('08:21:47 warn  m model="a\\u001b[2J\\n08:00:00 info b" path="x\\u009b\\u202e"\n');
  });

  it('paints the level alone', () => {
    expect(readableLine(JSON.stringify({ ...LINE, msg: 'm' }), true)).to.equal('08:21:47 \x1b[33mwarn \x1b[39m m\n');
  });
});
