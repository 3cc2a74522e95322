import { expect } from 'chai';
import { newRequestId } from '../../../src/domain/request-id.js';

describe('request ids', () => {
  it('are ULIDs: 26 characters, ordered by time', () => {
    const early = newRequestId(1_700_000_000_000);
    const late = newRequestId(1_700_000_000_001);
    expect(early).to.match(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(early < late).to.equal(true);
    expect(newRequestId(1_469_918_176_385).slice(0, 10)).to.equal('01ARYZ6S41'); // the specification's own example
  });
  it('do not repeat', () => {
    expect(new Set(Array.from({ length: 50_000 }, () => newRequestId(1_700_000_000_000)))).to.have.property('size', 50_000);
  });
});
