import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { renderTable } from '../../../src/cli/table.js';

describe('tables', () => {
  it('have a head, borders and aligned columns', () => {
    expect(renderTable({ head: ['name', 'n'], rows: [['a', '1'], ['bb', '10']], align: ['left', 'right'], color: false })).to.equal([
      '┌──────┬────┐',
      '│ name │  n │',
      '├──────┼────┤',
      '│ a    │  1 │',
      '│ bb   │ 10 │',
      '└──────┴────┘',
    ].join('\n'));
  });

  it('hold no escape sequence without colour', () => {
    const text = renderTable({ head: ['a'], rows: [[{ text: 'x', style: 'red' }]], color: false });
    expect(stripVTControlCharacters(text)).to.equal(text);
  });

  it('colour the cells that ask for it', () => {
    expect(renderTable({ head: ['a'], rows: [[{ text: 'x', style: 'red' }]], color: true })).to.include('\x1b[31mx\x1b[39m');
  });

  it('write out control characters of cells and heads', () => {
    const text = renderTable({ head: ['a\x1b[2J'], rows: [['\x1b]0;owned\x07']], color: false });
    expect(text).to.include('\\x1b[2J').and.to.include('\\x1b]0;owned\\x07');
    expect(stripVTControlCharacters(text)).to.equal(text);
  });

  it('keep the lines of a cell and draw lines between such rows', () => {
    const text = renderTable({ head: ['a'], rows: [['one\ntwo'], ['three']], color: false });
    expect(text.split('\n').filter((line) => line.startsWith('├'))).to.have.lengthOf(2);
  });

  it('fit the terminal by wrapping their widest columns, and lose no word', () => {
    const long = 'the quick brown fox jumps over the lazy dog and does it again and again';
    const text = renderTable({ head: ['id', 'message'], rows: [['1', long]], color: false, width: 40 });
    for (const line of text.split('\n')) expect(line.length).to.be.at.most(40);
    expect(text.match(/[a-z]{2,}/g)).to.deep.equal(['id', 'message', ...long.match(/[a-z]{2,}/g) ?? []]);
  });

  it('break a word that is longer than its column, and cut nothing off', () => {
    const fingerprint = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join(':');
    const text = renderTable({ head: ['id', 'message'], rows: [['tls', `SHA-256 of its authority ${fingerprint}`]], color: false, width: 60 });
    for (const line of text.split('\n')) expect(line.length).to.be.at.most(60);
    expect(text).not.to.include('…');
    const cells = text.split('\n').slice(3, -1).map((line) => line.split('│')[2]?.trim() ?? '');
    expect(cells.join('')).to.include(fingerprint);
  });

  it('shrink several wide columns together', () => {
    const text = renderTable({ head: ['a', 'b', 'c'], rows: [['word '.repeat(30), 'word '.repeat(40), 'x']], color: false, width: 60 });
    for (const line of text.split('\n')) expect(line.length).to.be.at.most(60);
  });

  it('stay as they are where they fit', () => {
    const options = { head: ['a'], rows: [['x']], color: false };
    expect(renderTable({ ...options, width: 80 })).to.equal(renderTable(options));
  });
});
