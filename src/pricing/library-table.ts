import type { ModelPrice } from '@pydantic/genai-prices';
import type { PriceTable, Rate } from './price-table.js';

/** The library's names of the rates that we know tokens for, all in US dollars per million tokens. */
const RATES = {
  input: 'input_mtok',
  cacheRead: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  cacheWrite1h: 'cache_write_1h_mtok',
  inputAudio: 'input_audio_mtok',
  cachedAudio: 'cache_audio_read_mtok',
  inputImage: 'input_image_mtok',
  cachedImage: 'cache_image_read_mtok',
  output: 'output_mtok',
  reasoning: 'output_reasoning_mtok',
  outputAudio: 'output_audio_mtok',
  outputImage: 'output_image_mtok',
} as const satisfies Partial<Record<keyof PriceTable, string>>;

const COUNTED: readonly string[] = Object.values(RATES);

/**
 * A price of the library as our table; undefined where it has no rate for tokens at all, or where a
 * kind of token has a rate that no answer counts for us (video, citations): the sum would be wrong.
 */
export function libraryTable(price: ModelPrice): PriceTable | undefined {
  if (price.input_mtok === undefined && price.output_mtok === undefined) return undefined;
  if (Object.keys(price).some((name) => name.endsWith('_mtok') && !COUNTED.includes(name))) return undefined;
  const table: Record<string, Rate | null> = {};
  for (const [ours, theirs] of Object.entries(RATES)) {
    const rate = price[theirs];
    if (rate !== undefined) table[ours] = typeof rate === 'number' ? rate : { base: rate.base, tiers: ascending(rate.tiers) };
  }
  // The longer lifetime costs more than the shorter one: where the library has no price for it, there is none.
  if (table.cacheWrite !== undefined && table.cacheWrite1h === undefined) table.cacheWrite1h = null;
  const perThousandCalls = price.requests_kcount;
  if (typeof perThousandCalls === 'number') table.perRequest = perThousandCalls / 1000;
  const perThousandSearches = price.web_searches_kcount;
  if (typeof perThousandSearches === 'number') table.perSearch = perThousandSearches / 1000;
  return table;
}

function ascending<T extends { readonly start: number }>(tiers: readonly T[]): T[] {
  return [...tiers].sort((a, b) => a.start - b.start);
}
