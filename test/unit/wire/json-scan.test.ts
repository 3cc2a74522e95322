import { expect } from 'chai';
import fc from 'fast-check';
import { pickMembers, scanObject, skipString, skipValue, withoutLongStrings } from '../../../src/wire/json-scan.js';

describe('JSON scanner', () => {
  it('finds where every value ends, as JSON.parse would', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const json = Buffer.from(`${JSON.stringify(value, null, indent)} ,]`);
      expect(skipValue(json, 0)).to.equal(json.length - 3);
    }), { numRuns: 500 });
  });

  it('finds the end of strings with any number of backslashes, near and far', () => {
    for (const padding of [0, 1, 22, 23, 24, 25, 26, 100]) {
      for (let slashes = 0; slashes < 6; slashes++) {
        const text = `${'x'.repeat(padding)}${'\\'.repeat(slashes)}"${'x'.repeat(padding)}"`;
        const json = Buffer.from(JSON.stringify(text));
        expect(skipString(Buffer.concat([json, Buffer.from('" "')]), 0), JSON.stringify(text)).to.equal(json.length);
      }
    }
  });

  it('says that what is cut off has no end', () => {
    const json = JSON.stringify({ a: [1, { b: 'c"\\' }], d: { e: [] } });
    for (let length = 0; length < json.length; length++) {
      expect(skipValue(Buffer.from(json.slice(0, length)), 0), json.slice(0, length)).to.equal(-1);
    }
  });

  it('passes over long runs of numbers, nested and mixed ones too', () => {
    const vector = Array.from({ length: 1536 }, (_, i) => i / 7 - 100);
    const value = { data: [{ embedding: vector }, { embedding: vector }], mixed: [...vector, ']', [vector], { x: '}' }], usage: { prompt_tokens: 8 } };
    const json = Buffer.from(JSON.stringify(value));
    expect(skipValue(json, 0)).to.equal(json.length);
    expect(pickMembers(json, ['usage'], 100)).to.deep.equal({ usage: { prompt_tokens: 8 } });
  });

  it('picks members: the last of duplicates, none that is too big, those before a fault', () => {
    const json = Buffer.from(`{"a":1,"b":"${'x'.repeat(50)}","a":2,"c":{"d":[3]},"e":[1,2`);
    expect(pickMembers(json, ['a', 'b', 'c', 'e'], 20)).to.deep.equal({ a: 2, c: { d: [3] } });
    expect(pickMembers(Buffer.from('[1]'), ['a'], 20)).to.deep.equal({});
  });

  it('leaves long strings out, and nothing else', () => {
    const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constant(`"\\${'é'.repeat(30)}\\"`));
    const shortened = (value: unknown): unknown => {
      if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value)) > 40 ? '…' : value;
      if (Array.isArray(value)) return value.map(shortened);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, shortened(of)]));
    };
    fc.assert(fc.property(fc.jsonValue().chain((value) => fc.tuple(fc.constant(value), fc.array(text), fc.dictionary(fc.string({ maxLength: 8 }), text))), (value) => {
      // Long keys may become the same one: only values are compared.
      if (/"(?:[^"\\]|\\.){12,}":/u.test(JSON.stringify(value))) return;
      expect(JSON.parse(withoutLongStrings(Buffer.from(JSON.stringify(value)), 40))).to.deep.equal(shortened(JSON.parse(JSON.stringify(value)))); // JSON knows no -0
    }), { numRuns: 500 });
  });

  it('leaves a broken document broken', () => {
    const json = JSON.stringify({ choices: [{ text: 'x'.repeat(100), finish_reason: 'stop' }], usage: { a: 1 } });
    for (let length = 0; length < json.length; length++) {
      expect(() => { JSON.parse(withoutLongStrings(Buffer.from(json.slice(0, length)), 20)); }, json.slice(0, length)).to.throw();
    }
  });

  it('tells where the object begins and ends', () => {
    expect(scanObject(Buffer.from('  {"a":1} '), 0, () => undefined)).to.deep.equal({ start: 2, end: 9, complete: true });
    expect(scanObject(Buffer.from('[]'), 0, () => undefined)).to.equal(undefined);
  });
});
