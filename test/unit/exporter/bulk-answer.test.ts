import { expect } from 'chai';
import { readAllCreated } from '../../../src/elastic/bulk-answer.js';

const text = (items: number): string => JSON.stringify({ errors: false, items: Array.from({ length: items }, () => ({ create: { status: 201 } })) });

describe('an answer that says all was written', () => {
  it('is the value of its JSON', () => {
    for (const items of [1, 2, 3, 10_000]) expect(readAllCreated(text(items)), String(items)).to.deep.equal(JSON.parse(text(items)));
  });

  it('is none where a single character differs, one is missing or one is more', () => {
    const whole = text(3);
    for (let i = 0; i < whole.length; i++) {
      expect(readAllCreated(`${whole.slice(0, i)}x${whole.slice(i + 1)}`), `changed at ${String(i)}`).to.equal(undefined);
      expect(readAllCreated(whole.slice(0, i) + whole.slice(i + 1)), `cut out at ${String(i)}`).to.equal(undefined);
      expect(readAllCreated(`${whole.slice(0, i)} ${whole.slice(i)}`), `more at ${String(i)}`).to.equal(undefined);
    }
  });

  it('is none where the text says anything else', () => {
    for (const other of [text(0), '', '{}', text(2).replace('201', '200'), text(2).replace('false', 'true'), text(1).repeat(2), text(26).slice(0, -26)]) {
      expect(readAllCreated(other), other).to.equal(undefined);
    }
  });
});
