import { expect } from 'chai';
import { growthFactor } from '../../../src/server/runtime.js';

describe('the size of the young generation', () => {
  it('may double again where V8 has shrunk it', () => {
    expect(growthFactor(1024 * 1024)).to.equal(2);
    expect(growthFactor(8 * 1024 * 1024)).to.equal(2);
  });

  it('stays where it is large enough', () => {
    expect(growthFactor(16 * 1024 * 1024)).to.equal(1);
    expect(growthFactor(32 * 1024 * 1024)).to.equal(1);
  });
});
