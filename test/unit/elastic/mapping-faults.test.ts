import { expect } from 'chai';
import { describeDrift, isDocumented, isSafeToWrite, mappingDrift } from '../../../src/elastic/mapping-drift.js';

const wanted = { dynamic: false, properties: { timestamp: { type: 'date' }, model: { type: 'keyword' } } };
const drift = (fields: object, root: object = {}): ReturnType<typeof mappingDrift> =>
  mappingDrift({ dynamic: 'false', properties: { timestamp: { type: 'date' }, model: { type: 'keyword' }, ...fields }, ...root }, wanted);

describe('a definition of the same type', () => {
  const wrong: Readonly<Record<string, ReturnType<typeof mappingDrift>>> = {
    'a date of another format': drift({ timestamp: { type: 'date', format: 'epoch_millis' } }),
    'a field without an index': drift({ model: { type: 'keyword', index: false } }),
    'a field that cannot be aggregated': drift({ model: { type: 'keyword', doc_values: 'false' } }),
    'a computed field': drift({ model: { type: 'keyword', script: { source: 'emit("x")' } } }),
    'an object that is not looked into': drift({ model: { type: 'object', enabled: false } }),
    'a demanded routing': drift({}, { _routing: { required: true } }),
    'a mapping that is switched off': drift({}, { enabled: false }),
    'a runtime field over a documented one': drift({}, { runtime: { model: { type: 'keyword' } } }),
  };
  for (const [what, found] of Object.entries(wrong)) {
    it(`is wrong: ${what}`, () => {
      expect(isSafeToWrite(found)).to.equal(false);
      expect(isDocumented(found)).to.equal(false);
      expect(describeDrift(found)).to.match(/^wrong types: \S+ is /);
    });
  }

  const lossy: Readonly<Record<string, ReturnType<typeof mappingDrift>>> = {
    'long values that are not found': drift({ model: { type: 'keyword', ignore_above: 20 } }),
    'malformed values that are passed over': drift({ timestamp: { type: 'date', ignore_malformed: true } }),
    'a source that is not kept': drift({}, { _source: { enabled: false } }),
    'a source that is cut': drift({}, { _source: { excludes: ['model'] } }),
  };
  for (const [what, found] of Object.entries(lossy)) {
    it(`is said, but does not hold records back: ${what}`, () => {
      expect(isSafeToWrite(found)).to.equal(true);
      expect(isDocumented(found)).to.equal(false);
      expect(describeDrift(found)).to.match(/^values are lost to searches: /);
    });
  }

  it('is documented where it only spells defaults out, or adds what changes nothing', () => {
    for (const found of [
      drift({ timestamp: { type: 'date', format: 'strict_date_optional_time||epoch_millis' } }), drift({ timestamp: { type: 'date', index: true, doc_values: 'true', ignore_malformed: false } }),
      drift({ model: { type: 'keyword', ignore_above: 1024, fields: { text: { type: 'text' } }, eager_global_ordinals: true } }),
      drift({}, { _source: {}, _routing: { required: false }, date_detection: false, runtime: { mine: { type: 'long' } }, _data_stream_timestamp: { enabled: true } }),
    ]) expect(isDocumented(found), describeDrift(found)).to.equal(true);
  });
});
