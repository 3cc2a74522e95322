import type { Usage } from '../domain/usage.js';
import type { PriceTable } from './price-table.js';
import type { ScheduledPrice } from './schedule.js';

/** Where a price came from, best first. */
export type PriceSource = 'provider' | 'override' | 'corrections' | 'genai-prices';

/** What one call cost. */
export interface Price {
  /** US dollars; finite, not negative. */
  readonly cost: number;
  readonly source: PriceSource;
  /** Version of the source; empty for the provider's own figure, which has none. */
  readonly version: string;
}

export interface PriceQuery {
  /** Canonical provider name. */
  readonly provider: string;
  /** Model asked for. */
  readonly model?: string | undefined;
  /** Model that answered: preferred where a price is known for it. */
  readonly responseModel?: string | undefined;
  readonly usage?: Usage | undefined;
  /** Where the provider answered the call, where the address says it and it can matter to the price. */
  readonly region?: string | undefined;
  /** When the call was made, milliseconds since the epoch: prices change with time. */
  readonly at: number;
}

/** The price table in force for a model, and why that one. */
export interface PriceExplanation {
  readonly source: Exclude<PriceSource, 'provider'>;
  readonly version: string;
  /** What the table belongs to, for people: `openai/gpt-4o (genai-prices)`, `entry 3 of prices.yaml`. */
  readonly matched: string;
  /** Multipliers already applied; service tiers and regions not. */
  readonly table: PriceTable;
  /** All prices that the source has for the model, with the times at which they hold, where there are several. */
  readonly schedule?: readonly ScheduledPrice[];
  /** Multiplier per service tier that PRICES_FILE names for this model. */
  readonly serviceTiers: Readonly<Record<string, number>>;
  /** Multiplier per region that PRICES_FILE names for this model; `*` is every region but `global`. */
  readonly regions?: Readonly<Record<string, number>>;
}

/** Prices calls. Every function may be taken off the object; none throws. */
export interface Pricer {
  /** What a call cost, or undefined where usage or price are unknown: never 0 for unknown. */
  readonly price: (query: PriceQuery) => Price | undefined;
  /** The table that `price` would use, or undefined where no price is known. */
  readonly explain: (query: { provider: string; model: string; at: number }) => PriceExplanation | undefined;
  /** How many calls had tokens and no price so far. */
  readonly unpriced: () => number;
}
