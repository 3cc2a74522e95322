import type { LibraryPrices, ListPrice } from './library-prices.js';
import type { OverrideIndex, PriceOverride } from './price-override.js';
import { scaled } from './price-table.js';
import type { PriceExplanation } from './price.js';
import type { ScheduledPrice } from './schedule.js';

export interface TableSources {
  readonly library: LibraryPrices;
  readonly overrides: { readonly index: OverrideIndex; readonly version: string } | undefined;
  /** The library's id of a provider; undefined where there is no such provider. */
  readonly providerIds: (provider: string) => string | undefined;
  /** Whether a provider can serve a model at all. */
  readonly serves: (provider: string, model: string) => boolean;
}

/** The table in force for one of a call's names. */
export interface FoundPrice extends PriceExplanation {
  readonly schedule: readonly ScheduledPrice[];
  readonly regions: Readonly<Record<string, number>>;
  /** The name that the price was found by. */
  readonly name: string;
  /** The rates are an entry's own, and so what is paid in any region that it does not name. */
  readonly ownRates: boolean;
  /** Audio without a rate of its own has no known price. */
  readonly audioApart: boolean;
}

const NONE: Readonly<Record<string, number>> = {};

/** Finds the table in force, in PRICES_FILE first. */
export class TableFinder {
  readonly #sources: TableSources;

  constructor(sources: TableSources) {
    this.#sources = sources;
  }

  /** The first of the names that has a price; an entry for any of them comes before the list price of any. */
  find(provider: string, names: readonly string[], at: number): FoundPrice | undefined {
    const models = names.includes('') ? names.filter((name) => name !== '') : names;
    const { overrides } = this.#sources;
    const override = overrides?.index.find(provider, models, at);
    const overridden = override && this.#overridden(override, provider, models, at);
    if (overridden !== undefined) return overridden;
    const found = this.#listPrice(provider, models, at);
    if (found === undefined) return undefined;
    const { name, price } = found;
    return {
      source: price.source, version: price.version, matched: `${price.id} (${price.source})`, name,
      table: price.table, schedule: price.schedule, serviceTiers: NONE, regions: NONE, ownRates: false, audioApart: !price.oneRateForAll,
    };
  }

  #overridden(override: PriceOverride, provider: string, models: readonly string[], at: number): FoundPrice | undefined {
    const { baseModel, place, multiplier, serviceTiers, regions } = override;
    const found = override.table === undefined ? this.#listPrice(provider, baseModel === undefined ? models : [baseModel], at) : undefined;
    const list = found?.price;
    const table = override.table ?? list?.table;
    return table && {
      source: 'override', version: this.#sources.overrides?.version ?? '', matched: place, name: found?.name ?? models[0] ?? '',
      table: scaled(table, multiplier),
      schedule: list === undefined
        ? [{ table: scaled(table, multiplier) }]
        : list.schedule.map((price) => ({ ...price, table: price.table && scaled(price.table, multiplier) })),
      serviceTiers, regions, ownRates: override.table !== undefined, audioApart: list?.oneRateForAll === false,
    };
  }

  #listPrice(provider: string, models: readonly string[], at: number): { readonly name: string; readonly price: ListPrice } | undefined {
    const id = this.#sources.providerIds(provider);
    if (id === undefined) return undefined;
    for (const name of models) {
      const price = this.#sources.serves(provider, name) ? this.#sources.library.find(id, name, at) : undefined;
      if (price !== undefined) return { name, price };
    }
    return undefined;
  }
}
