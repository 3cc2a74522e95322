import { calcPrice } from '@pydantic/genai-prices';
import { expect } from 'chai';
import { CORRECTIONS, CORRECTIONS_VERSION, type Correction } from '../../../src/pricing/corrections.js';
import { loadLibraryPrices, type LibraryPrices } from '../../../src/pricing/library-prices.js';
import { libraryTable } from '../../../src/pricing/library-table.js';
import { namesOtherModel } from '../../../src/pricing/model-match.js';
import { priceAt } from '../../../src/pricing/schedule.js';
import type { PriceTable } from '../../../src/pricing/price-table.js';

/** Monday, Friday and Saturday, at peak and off it. */
const TIMES = ['2026-11-23T02:00:00Z', '2026-11-27T12:00:00Z', '2026-11-28T02:00:00Z'].map((time) => Date.parse(time));

/** A name that an entry is for. */
function example({ models }: Correction): string {
  return (models[0] as string).replace('20*', '2099-01-01').replace('*', '');
}

/** What the library alone says, by the same rules. */
function uncorrected(providerId: string, name: string, at: number): PriceTable | undefined {
  const found = calcPrice({}, name, { providerId, timestamp: new Date(at) });
  return found === null || namesOtherModel(found.model.match, found.model.id, name) ? undefined : libraryTable(found.model_price);
}

describe('corrections of the price list', () => {
  let library: LibraryPrices;
  before(async () => { library = await loadLibraryPrices(); });

  for (const correction of CORRECTIONS) {
    it(`${correction.providers.join(', ')}: ${correction.models[0] ?? ''} is still needed`, () => {
      const name = example(correction);
      // Where the library says the same for every provider by now, the entry goes.
      const same = correction.providers.every((providerId) => TIMES.every((at) => {
        const theirs = uncorrected(providerId, name, at);
        return JSON.stringify(sorted(theirs)) === JSON.stringify(sorted(priceAt(correction.prices, at)));
      }));
      expect(same, 'the list has caught up: remove the entry').to.equal(false);
      expect(correction.source).to.match(/^https:\/\//);
    });
  }

  it('say that they are, and of which day', () => {
    expect(library.find('mistral', 'mistral-large-latest', TIMES[1] as number)).to.deep.include({ source: 'corrections', version: CORRECTIONS_VERSION });
    expect(CORRECTIONS_VERSION).to.match(/^\d{4}-\d{2}-\d{2}$/);
  });

  const AT = Date.UTC(2026, 10, 27, 12);
  const rates: readonly [string, string, Partial<PriceTable> | undefined][] = [
    ['mistral', 'mistral-large-latest', { input: 0.5, output: 1.5 }],
    ['mistral', 'mistral-small-latest', { input: 0.15, cacheRead: 0.015, output: 0.6 }],
    ['mistral', 'mistral-medium', { input: 1.5, output: 7.5 }],
    ['mistral', 'magistral-small-latest', { input: 0.15, output: 0.6 }],
    ['mistral', 'codestral-latest', { input: 0.3, cacheRead: 0.03 }],
    ['aws', 'amazon.titan-embed-text-v2:0', { input: 0.02 }],
    ['aws', 'amazon.titan-embed-text-v1', { input: 0.1 }],
    ['anthropic', 'claude-sonnet-5-5', { input: 2, cacheRead: 0.1, cacheWrite1h: 4, output: 10 }],
    ['anthropic', 'claude-sonnet-5', { input: 2, cacheRead: 0.2 }],
    ['anthropic', 'claude-haiku-5-5', { input: { base: 0.1, tiers: [{ start: 100_000, price: 0.5 }] } }],
    ['azure', 'claude-sonnet-5-5', { cacheRead: 0.1 }],
    ['aws', 'eu.anthropic.claude-sonnet-5-5-v1:0', { input: 2.2, cacheRead: 0.11 }],
    ['google', 'claude-opus-4-6', { input: 5, output: 25 }],
    ['google', 'claude-opus-4-6@default', { input: 5, output: 25 }],
    ['openai', 'ft:gpt-4o-2024-08-06:acme::id', { input: 3.75, cacheRead: 1.875 }],
    ['openai', 'ft:gpt-4.1-2025-04-14:acme::id', { input: 3, cacheRead: 0.75 }],
    ['openai', 'gpt-oss-120b', undefined],
    ['azure', 'gpt-oss-120b', undefined],
  ];
  for (const [provider, model, table] of rates) {
    it(`${provider}: ${model} costs ${JSON.stringify(table)}`, () => {
      const found = library.find(provider, model, AT)?.table;
      if (table === undefined) expect(found).to.equal(undefined);
      else expect(found).to.deep.include(table);
    });
  }

  it('keep what a model cost before', () => {
    expect(library.find('anthropic', 'claude-sonnet-5-5', Date.UTC(2026, 9, 6))?.table.cacheRead).to.equal(0.2);
    expect(library.find('mistral', 'mistral-large-latest', Date.UTC(2025, 10, 1))?.table.input).to.equal(2);
    expect(library.find('google', 'claude-opus-4-6', Date.UTC(2026, 2, 1))?.table.input).to.deep.equal({ base: 5, tiers: [{ start: 200_000, price: 10 }] });
  });
});

function sorted(table: PriceTable | undefined): unknown {
  return table && Object.entries(table).sort(([a], [b]) => a.localeCompare(b));
}
