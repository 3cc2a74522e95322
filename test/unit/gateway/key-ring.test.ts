import { expect } from 'chai';
import { newGatewayKey } from '../../../src/domain/gateway-key.js';
import { KeyRing } from '../../../src/gateway/key-ring.js';

describe('a ring of keys', () => {
  const ring = new KeyRing([{ label: 'a', key: 'key-a' }, { label: 'b', key: 'pass.word/2;x' }]);

  it('knows whose a key is', () => {
    expect(['key-a', 'pass.word/2;x', 'key-b', 'key-', 'key-a ', ''].map((key) => ring.label(key))).to.deep.equal(['a', 'b', undefined, undefined, undefined, undefined]);
    expect([ring.size, new KeyRing([]).size]).to.deep.equal([2, 0]);
  });

  for (const text of ['key-a', 'Token key-a', 'k=key-a; b', '"key-a"', 'x,key-a,y', 'http://u:key-a@h/', '/a/key-a/b', 'x\tkey-a', 'proto.key-a', 'pass.word/2;x']) {
    it(`finds one in ${JSON.stringify(text)}`, () => expect(ring.occursIn(text)).to.equal(true));
  }
  for (const text of ['', 'key', 'key-b', 'akey-a', 'key-ab', 'KEY-A', 'key-a-b', 'x'.repeat(70_000)]) {
    it(`finds none in ${JSON.stringify(text.slice(0, 20))}`, () => expect(ring.occursIn(text)).to.equal(false));
  }
  it('finds nothing where it is empty', () => expect(new KeyRing([]).occursIn('key-a')).to.equal(false));
});

describe('a key that the gateway makes', () => {
  it('begins with gw_, has 40 random characters and a checksum, and is another one each time', () => {
    const keys = Array.from({ length: 50 }, newGatewayKey);
    for (const key of keys) expect(key).to.match(/^gw_[0-9A-Za-z]{46}$/);
    expect(new Set(keys).size).to.equal(50);
    expect(new Set(keys.map((key) => key.slice(-6))).size).to.be.greaterThan(40);
  });
});
