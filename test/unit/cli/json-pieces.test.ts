import { expect } from 'chai';
import { jsonPieces } from '../../../src/cli/json-pieces.js';

describe('JSON in pieces', () => {
  const values: readonly unknown[] = [
    { source: 'local', rows: [{ provider: 'openai', cost: null, nested: { list: [1, { a: 'b\nc' }] } }, { provider: 'é"\\' }], by: [] },
    { none: undefined, empty: [], object: {}, rows: [undefined, null, 1], text: 'x' }, {}, [], [1, { a: 1 }], 'text', null, 7, { error: { code: 'x' } }, { when: new Date(0) },
  ];

  it('is the text of JSON.stringify', () => {
    for (const value of values) expect([...jsonPieces(value)].join('')).to.equal(JSON.stringify(value, null, 2));
  });

  it('comes in pieces that stay small, however long the list is', () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ model: `model-${String(i)}`, requests: i }));
    const pieces = [...jsonPieces({ by: ['model'], rows })];
    expect(Math.max(...pieces.map((piece) => piece.length))).to.be.below(100_000);
    expect(pieces.join('')).to.equal(JSON.stringify({ by: ['model'], rows }, null, 2));
  });
});
