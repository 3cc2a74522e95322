import type { TokenBuckets } from './buckets.js';

/**
 * US dollars per million tokens. Where long prompts cost more, the rate of the last tier whose
 * `start` the call's input tokens exceed holds for all of the call's tokens.
 */
export type Rate = number | { readonly base: number; readonly tiers: readonly { readonly start: number; readonly price: number }[] };

/** What a model's tokens cost. A bucket without a rate of its own costs what its parent costs. */
export interface PriceTable {
  readonly input?: Rate;
  readonly cacheRead?: Rate;
  readonly cacheWrite?: Rate;
  /** Null where the source has a rate for cache writes and says none for those of an hour, which cost more: such a call has no known cost. */
  readonly cacheWrite1h?: Rate | null;
  readonly inputAudio?: Rate;
  readonly cachedAudio?: Rate;
  readonly inputImage?: Rate;
  readonly cachedImage?: Rate;
  readonly output?: Rate;
  readonly reasoning?: Rate;
  readonly outputAudio?: Rate;
  readonly outputImage?: Rate;
  /** US dollars per call, whatever its tokens. */
  readonly perRequest?: number;
  /** US dollars per web search that the provider counts. */
  readonly perSearch?: number;
}

const MILLION = 1_000_000;

/**
 * Cost in US dollars, or undefined where the call has tokens that the table has no rate for.
 * @param audioApart audio without a rate of its own costs something else than text, which is not known
 */
export function costOf(tokens: TokenBuckets, table: PriceTable, audioApart = false): number | undefined {
  const { input, output } = table;
  if (input === undefined && output === undefined) return undefined;
  // Unknown input where input costs money: the sum would be too low, so there is none.
  if (tokens.input === undefined && input !== undefined) return undefined;
  const total = tokens.input ?? 0;
  const cacheRead = table.cacheRead ?? input;
  const cacheWrite = table.cacheWrite ?? input;
  const audio = (rate: Rate | undefined, text: Rate | undefined): Rate | undefined => rate ?? (audioApart ? undefined : text);
  const sum = part(tokens.fresh, input, total)
    + part(tokens.cacheRead, cacheRead, total)
    + part(tokens.cacheWrite, cacheWrite, total)
    + part(tokens.cacheWrite1h, table.cacheWrite1h ?? cacheWrite, total)
    + part(tokens.inputAudio, audio(table.inputAudio, input), total)
    + part(tokens.cachedAudio, audio(table.cachedAudio, cacheRead), total)
    + part(tokens.inputImage, table.inputImage ?? input, total)
    + part(tokens.cachedImage, table.cachedImage ?? cacheRead, total)
    + part(tokens.output, output, total)
    + part(tokens.reasoning, table.reasoning ?? output, total)
    + part(tokens.outputAudio, audio(table.outputAudio, output), total)
    + part(tokens.outputImage, table.outputImage ?? output, total);
  if (tokens.cacheWrite1h > 0 && table.cacheWrite1h === null) return undefined;
  if (tokens.webSearches > 0 && table.perSearch === undefined) return undefined;
  const pieces = (table.perRequest ?? 0) + tokens.webSearches * (table.perSearch ?? 0);
  return Number.isFinite(sum) ? sum / MILLION + pieces : undefined;
}

/** NaN where tokens have no rate, so that the whole sum is unknown. */
function part(tokens: number, rate: Rate | undefined, inputTokens: number): number {
  if (tokens === 0) return 0;
  return rate === undefined ? NaN : tokens * rateAt(rate, inputTokens);
}

function rateAt(rate: Rate, inputTokens: number): number {
  if (typeof rate === 'number') return rate;
  let price = rate.base;
  for (const tier of rate.tiers) if (inputTokens > tier.start) price = tier.price;
  return price;
}

/** The same table with every rate multiplied. */
export function scaled(table: PriceTable, factor: number): PriceTable {
  if (factor === 1) return table;
  return Object.fromEntries(Object.entries(table as Record<string, Rate | null>).map(([name, rate]) => [name, typeof rate === 'number'
    ? times(rate, factor)
    : rate && { base: times(rate.base, factor), tiers: rate.tiers.map(({ start, price }) => ({ start, price: times(price, factor) })) }]));
}

/** Without the noise of binary fractions: 1.1 times 3 is 3.3. */
function times(rate: number, factor: number): number {
  return Number((rate * factor).toPrecision(12));
}

/** The same table with every rate of tokens multiplied; what is billed by the piece costs the same everywhere. */
export function withPremium(table: PriceTable, factor: number): PriceTable {
  const { perRequest, perSearch } = table;
  return factor === 1 ? table : {
    ...scaled(table, factor), ...(perRequest === undefined ? {} : { perRequest }), ...(perSearch === undefined ? {} : { perSearch }),
  };
}
