import { expect } from 'chai';
import { createTap } from '../../../src/wire/tap.js';
import { dialectAt, fixtureBytes, observeFixture, providerOf, STREAM_FIXTURES } from './stream-fixtures.js';

describe('streams of every provider', () => {
  for (const fixture of STREAM_FIXTURES) {
    it(`${fixture.file}: model, usage, finish reason, error`, async () => {
      expect(await observeFixture(fixture, [fixtureBytes(fixture.file)])).to.deep.equal(fixture.expected);
    });

    it(`${fixture.file}: tells of the first token once, and not before it`, () => {
      let told = 0;
      const tap = createTap({
        dialect: dialectAt(providerOf(fixture), fixture.path), contentType: fixture.contentType, status: 200,
        header: () => undefined, onFirstToken: () => { told += 1; expect(tap.observation.hasToken).to.equal(true); },
      });
      expect(tap.isStream).to.equal(true);
      for (const byte of fixtureBytes(fixture.file)) {
        tap.push(Buffer.from([byte]));
        expect(told).to.equal(tap.observation.hasToken ? 1 : 0);
      }
      expect(told).to.equal(fixture.expected.hasToken ? 1 : 0);
    });
  }

  it('has a stream for every provider with streams of its own kind', () => {
    expect(new Set(STREAM_FIXTURES.map(providerOf)).size).to.equal(17);
  });
});
