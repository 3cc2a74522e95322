import { expect } from 'chai';
import { describeDrift, isDocumented, isSafeToWrite, mappingDrift } from '../../../src/elastic/mapping-drift.js';

const wanted = { dynamic: false, properties: { timestamp: { type: 'date' }, model: { type: 'keyword' } } };
const exact = { timestamp: { type: 'date' }, model: { type: 'keyword' } };

describe('the mapping of a live index', () => {
  it('is as documented, whatever form dynamic has and whatever extra fields there are', () => {
    for (const dynamic of [false, 'false']) {
      expect(isDocumented(mappingDrift({ dynamic, properties: { ...exact, extra: { type: 'long' } } }, wanted))).to.equal(true);
    }
  });

  it('is wrong for good where a type differs', () => {
    const drift = mappingDrift({ properties: { timestamp: { type: 'date' }, model: { type: 'text', fields: { keyword: { type: 'keyword' } } } } }, wanted);
    expect(drift.wrong).to.deep.equal([{ field: 'model', found: 'text', wanted: 'keyword' }]);
    expect(isSafeToWrite(drift)).to.equal(false);
    expect(describeDrift(drift)).to.equal('wrong types: model is text, documented keyword; dynamic is true, documented false');
  });

  it('may lack fields without harm only where new ones are ignored', () => {
    const lacking = { properties: { timestamp: { type: 'date' } } };
    expect(isSafeToWrite(mappingDrift({ ...lacking, dynamic: 'false' }, wanted))).to.equal(true);
    for (const dynamic of [undefined, 'true', 'strict', 'runtime']) {
      expect(isSafeToWrite(mappingDrift({ ...lacking, ...(dynamic !== undefined && { dynamic }) }, wanted)), String(dynamic)).to.equal(false);
    }
    expect(isSafeToWrite(mappingDrift({ properties: exact }, wanted))).to.equal(true);
  });

  it('is read from an empty index too', () => {
    expect(mappingDrift({}, wanted)).to.deep.equal({ wrong: [], lossy: [], missing: ['timestamp', 'model'], dynamic: 'true' });
  });
});
