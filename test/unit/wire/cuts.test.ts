import fc from 'fast-check';
import { expect } from 'chai';
import { UsageChunkFilter } from '../../../src/wire/usage-chunk-filter.js';
import { cut, fixtureBytes, observeFixture, STREAM_FIXTURES, type StreamFixture } from './stream-fixtures.js';

/** Random cuts per fixture; CUTS=10000 is what the release check runs. */
const RANDOM_CUTS = Number(process.env.CUTS ?? 20);

/** The fixture as it is and, where its framing is made of lines, with each of the line ends that it allows. */
function variants({ file }: StreamFixture): [string, Buffer][] {
  const bytes = fixtureBytes(file);
  if (!file.endsWith('.sse')) return [['as it is', bytes]];
  const text = bytes.toString('utf8').replaceAll('\r\n', '\n');
  return [['LF', '\n'], ['CRLF', '\r\n'], ['CR', '\r']].map(([name, end]) =>
    [name as string, Buffer.from(text.replaceAll('\n', end as string))]);
}

function throughFilter(pieces: readonly Buffer[]): Buffer {
  const filter = new UsageChunkFilter();
  return Buffer.concat([...pieces.map((piece) => filter.push(piece)), filter.end()].filter((out) => out !== undefined));
}

describe('streams that are cut anywhere', () => {
  for (const fixture of STREAM_FIXTURES) {
    for (const [name, bytes] of variants(fixture)) {
      const filtered = throughFilter([bytes]);

      it(`${fixture.file} (${name}) in two pieces at every byte, and in single bytes`, async () => {
        for (let at = 0; at <= bytes.length; at++) {
          const pieces = cut(bytes, [at]);
          expect(await observeFixture(fixture, pieces)).to.deep.equal(fixture.expected);
          expect(throughFilter(pieces).equals(filtered), `filter, cut at ${at}`).to.equal(true);
        }
        const single = Array.from(bytes, (byte) => Buffer.from([byte]));
        expect(await observeFixture(fixture, single)).to.deep.equal(fixture.expected);
        expect(throughFilter(single).equals(filtered)).to.equal(true);
      });

      it(`${fixture.file} (${name}) in random pieces`, async () => {
        const offsets = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 40 });
        await fc.assert(fc.asyncProperty(offsets, async (at) => {
          const pieces = cut(bytes, at);
          expect(await observeFixture(fixture, pieces)).to.deep.equal(fixture.expected);
          expect(throughFilter(pieces).equals(filtered)).to.equal(true);
        }), { numRuns: RANDOM_CUTS });
      });
    }
  }
});
