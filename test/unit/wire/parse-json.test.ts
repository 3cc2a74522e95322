import { expect } from 'chai';
import { parseJson } from '../../../src/wire/json-values.js';

const MANY = 1_000_000;

// One event may have 16 MiB. Parsed, millions of small values would stop every other request for seconds.
describe('what a provider wrote', () => {
  for (const [what, text] of [
    ['members', `{"type":"x","response":{${Array.from({ length: MANY }, (_, i) => `"k${i}":1`).join()}}}`],
    ['members at the top', `{${Array.from({ length: MANY }, (_, i) => `"k${i}":1`).join()}}`],
    ['empty objects', `{"choices":[${'{},'.repeat(MANY)}{}]}`],
    ['arrays in arrays', '['.repeat(MANY) + ']'.repeat(MANY)],
    ['short texts', `["${'x","'.repeat(MANY)}"]`],
    ['numbers', `[${'1,'.repeat(5 * MANY)}1]`],
  ] as const) {
    it(`is not parsed where it is millions of ${what}`, () => {
      expect(parseJson(Buffer.from(text))).to.equal(undefined);
    });
  }
  it('is parsed where it is long texts, numbers of an embedding, or the log probabilities of an answer', () => {
    for (const value of [
      { choices: [{ delta: { content: 'x\n'.repeat(1_000_000) } }], usage: { prompt_tokens: 1 } },
      { embedding: Array.from({ length: 100_000 }, (_, i) => i / 7) },
      { logprobs: Array.from({ length: 20_000 }, (_, i) => ({ token: `t${i}`, logprob: -0.5, bytes: [1, 2, 3], top_logprobs: [] })), usage: { prompt_tokens: 1 } },
    ]) expect(parseJson(Buffer.from(JSON.stringify(value)))).to.deep.equal(value);
  });
  it('is undefined where it is broken, whatever its size', () => {
    for (const text of ['', '{', '{"a":1}}', `{"a":"${'x'.repeat(1_000_000)}"`, 'x'.repeat(1_000_000)]) expect(parseJson(Buffer.from(text))).to.equal(undefined);
  });
});
