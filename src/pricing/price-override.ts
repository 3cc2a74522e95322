import { namePattern } from './name-pattern.js';
import type { PriceTable } from './price-table.js';

/** One entry of PRICES_FILE, checked. */
export interface PriceOverride {
  /** Where it stands, for people: `entry 3 of prices.yaml`. */
  readonly place: string;
  /** Canonical provider name; absent: whichever. */
  readonly provider?: string;
  /** Model name; `*` stands for any characters; upper and lower case are the same. */
  readonly model: string;
  /** In force from then on, milliseconds since the epoch; absent: always. */
  readonly from?: number;
  /** Rates of its own; absent: the library's, of `baseModel` or of the model itself. */
  readonly table?: PriceTable;
  readonly baseModel?: string;
  readonly multiplier: number;
  /** Multipliers by service tier, lower-case. */
  readonly serviceTiers: Readonly<Record<string, number>>;
  /** Multipliers of the price of tokens by region, lower-case; `*` is every region but `global`. */
  readonly regions: Readonly<Record<string, number>>;
}

/** Finds the entry in force; independent of the order in the file. */
export interface OverrideIndex {
  /**
   * The entry for a model, by any of its names, at a time (milliseconds since the epoch): the most
   * particular pattern, and of that the latest that has begun.
   */
  find(provider: string, names: readonly string[], at: number): PriceOverride | undefined;
}

/** Indexes entries, the most particular first: a provider's before everybody's, exact names before patterns, longer patterns before shorter. */
export function indexOverrides(overrides: readonly PriceOverride[]): OverrideIndex {
  const sorted = overrides
    .map((override) => ({ override, matches: namePattern(override.model) }))
    .sort((a, b) => particularity(b.override) - particularity(a.override)
      || (b.override.from ?? -Infinity) - (a.override.from ?? -Infinity));
  return {
    find: (provider, names, at) => {
      const lower = names.map((name) => name.toLowerCase());
      return sorted.find(({ override, matches }) => (override.provider === undefined || override.provider === provider)
        && (override.from === undefined || override.from <= at)
        && lower.some(matches))?.override;
    },
  };
}

/** What two entries must not share: they would be in force for the same models from the same moment. */
export function overrideKey({ provider, model, from }: PriceOverride): string {
  return `${provider ?? '*'}\n${model.toLowerCase()}\n${from ?? ''}`;
}

function particularity({ provider, model }: PriceOverride): number {
  const letters = model.replaceAll('*', '').length;
  const exact = !model.includes('*');
  return (provider === undefined ? 0 : 1e6) + (exact ? 1e5 : 0) + Math.min(letters, 99_999);
}
