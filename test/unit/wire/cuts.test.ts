import fc from 'fast-check';
import { expect } from 'chai';
import type { Observation } from '../../../src/domain/dialect.js';
import { createTap } from '../../../src/wire/tap.js';
import { UsageChunkFilter } from '../../../src/wire/usage-chunk-filter.js';
import { cut, dialectAt, fixtureBytes, providerOf, STREAM_FIXTURES, type StreamFixture } from './stream-fixtures.js';

/** Random cuts per dialect. */
const RANDOM_CUTS = 10_000;
const LINE_ENDS = [['LF', '\n'], ['CRLF', '\r\n'], ['CR', '\r']] as const;

/** A fixture with one of the line ends that its framing allows, and what the client gets of it uncut. */
interface Variant {
  readonly fixture: StreamFixture;
  readonly name: string;
  readonly bytes: Buffer;
  readonly filtered: Buffer;
}

const VARIANTS: readonly Variant[] = STREAM_FIXTURES.flatMap((fixture) => {
  const bytes = fixtureBytes(fixture.file);
  if (fixture.file.endsWith('.bin')) return [{ fixture, name: fixture.file, bytes, filtered: throughFilter([bytes]) }];
  const text = bytes.toString('utf8').replaceAll('\r\n', '\n');
  // A CR alone ends lines of event streams only.
  return LINE_ENDS.filter(([name]) => name !== 'CR' || fixture.file.endsWith('.sse')).map(([name, end]) => {
    const variant = Buffer.from(text.replaceAll('\n', end));
    return { fixture, name: `${fixture.file} (${name})`, bytes: variant, filtered: throughFilter([variant]) };
  });
});

function dialectOf({ fixture }: Variant): string {
  return dialectAt(providerOf(fixture), fixture.path).name;
}

/** Bodies without content encoding are read while they pass: nothing needs to be awaited. */
function observed({ fixture }: Variant, pieces: readonly Buffer[]): Observation {
  const tap = createTap({ dialect: dialectAt(providerOf(fixture), fixture.path), contentType: fixture.contentType, status: 200, header: () => undefined });
  for (const piece of pieces) tap.push(piece);
  let finished = false;
  tap.finish(() => { finished = true; });
  expect(finished).to.equal(true);
  return tap.observation;
}

function throughFilter(pieces: readonly Buffer[]): Buffer {
  const filter = new UsageChunkFilter();
  return Buffer.concat([...pieces.map((piece) => filter.push(piece)), filter.end()].filter((out) => out !== undefined));
}

/** The same usage, and the same bytes to the client, whatever the pieces. */
function expectTheSame(variant: Variant, pieces: readonly Buffer[]): void {
  expect(observed(variant, pieces)).to.deep.equal(variant.fixture.expected);
  if (!throughFilter(pieces).equals(variant.filtered)) throw new Error('the filter gives the client other bytes');
}

describe('streams that are cut anywhere', () => {
  for (const variant of VARIANTS) {
    it(`${variant.name}: in two pieces at every byte, and in single bytes`, () => {
      const { bytes } = variant;
      for (let at = 0; at <= bytes.length; at++) expectTheSame(variant, cut(bytes, [at]));
      expectTheSame(variant, Array.from(bytes, (byte) => Buffer.from([byte])));
    });
  }

  for (const [dialect, variants = []] of Object.entries(Object.groupBy(VARIANTS, dialectOf))) {
    it(`${dialect}: ${variants.length} streams in random pieces, ${RANDOM_CUTS} times`, () => {
      const cases = fc.record({ variant: fc.constantFrom(...variants), at: fc.array(fc.nat(), { maxLength: 40 }) });
      fc.assert(fc.property(cases, ({ variant, at }) => {
        expectTheSame(variant, cut(variant.bytes, at.map((offset) => offset % (variant.bytes.length + 1))));
      }), { numRuns: RANDOM_CUTS });
    });
  }

  it('there is a stream of every dialect that streams', () => {
    expect([...new Set(VARIANTS.map(dialectOf))].sort()).to.deep.equal([
      'anthropic-messages', 'bedrock-converse', 'bedrock-invoke', 'cohere', 'gemini', 'gemini-interactions', 'ollama', 'openai', 'openai-chat', 'openai-responses',
    ]);
  });
});
