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
  output: 'output_mtok',
  reasoning: 'output_reasoning_mtok',
  outputAudio: 'output_audio_mtok',
} as const satisfies Partial<Record<keyof PriceTable, string>>;

const tables = new WeakMap<ModelPrice, PriceTable>();

/** A price of the library as our table; the same price gives the same table. */
export function libraryTable(price: ModelPrice): PriceTable {
  const known = tables.get(price);
  if (known !== undefined) return known;
  const table: Record<string, Rate> = {};
  for (const [ours, theirs] of Object.entries(RATES)) {
    const rate = price[theirs];
    if (rate !== undefined) table[ours] = typeof rate === 'number' ? rate : { base: rate.base, tiers: ascending(rate.tiers) };
  }
  const perThousandCalls = price.requests_kcount;
  if (typeof perThousandCalls === 'number') table.perRequest = perThousandCalls / 1000;
  tables.set(price, table);
  return table;
}

function ascending<T extends { readonly start: number }>(tiers: readonly T[]): T[] {
  return [...tiers].sort((a, b) => a.start - b.start);
}
