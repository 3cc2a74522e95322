import { expect } from 'chai';
import { jsonWithoutControls, withoutControls } from '../../../src/domain/control-characters.js';

const STEERING = [0x7f, 0x80, 0x9b, 0x9f, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0x206f, 0xfeff, 0xfff9]
  .map((code) => String.fromCharCode(code));
const HARMLESS = 'naïve – 東京 👩‍👩‍👧 می‌خواهم ＝';

describe('characters that steer', () => {
  it('are written out in text', () => {
    for (const character of [...STEERING, '\0', '\x1b', '\n', '\t']) expect(withoutControls(`a${character}b`)).to.match(/^a\\[xu][0-9a-f]{2,4}b$/);
    expect(withoutControls(HARMLESS)).to.equal(HARMLESS);
  });

  it('are escapes in JSON that says the same', () => {
    const value = { text: `a${STEERING.join('b')}\n\x1b`, other: HARMLESS };
    const json = jsonWithoutControls(JSON.stringify(value, null, 2));
    for (const character of STEERING) expect(json).not.to.include(character);
    expect(json).to.include(HARMLESS);
    expect(JSON.parse(json)).to.deep.equal(value);
  });
});
