import { expect } from 'chai';
import { bytesText } from '../../../src/cli/quantities.js';
import { ProgressBar } from '../../../src/cli/progress.js';

function drawn(enabled: boolean, draw: (bar: ProgressBar) => void): string {
  let text = '';
  draw(new ProgressBar({ enabled, write: (chunk) => { text += chunk; } }));
  return text;
}

describe('the progress bar', () => {
  it('draws one line anew, and leaves it', () => {
    const text = drawn(true, (bar) => {
      bar.update('copy', 500, 1000);
      bar.update('copy', 1000, 1000);
      bar.end();
      bar.end();
    });
    expect(text).to.equal(`\rcopy [${'#'.repeat(15)}${'-'.repeat(15)}] 50 % (500 of 1000)\rcopy [${'#'.repeat(30)}] 100 % (1000 of 1000)\n`);
  });

  it('wipes what a longer line has left, and bears an empty total and more than all', () => {
    const text = drawn(true, (bar) => {
      bar.update('compare', 1500, 1000);
      bar.update('copy', 0, 0);
    });
    const [, first = '', second = ''] = text.split('\r');
    expect(first).to.match(/100 % \(1500 of 1000\)$/);
    expect(second).to.match(/100 % \(0 of 0\) +$/).and.have.length(first.length);
  });

  it('writes counts as it is told to', () => {
    expect(drawn(true, (bar) => { bar.update('send', 1024, 2048, bytesText); })).to.match(/50 % \(1\.0 KiB of 2\.0 KiB\)$/);
  });

  it('draws nothing in a pipe', () => {
    expect(drawn(false, (bar) => { bar.update('copy', 1, 2); bar.end(); })).to.equal('');
  });
});
