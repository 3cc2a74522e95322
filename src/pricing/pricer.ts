import type { Usage, UsagePart } from '../domain/usage.js';
import { splitBuckets } from './buckets.js';
import { loadLibraryPrices, type LibraryPrice, type LibraryPrices } from './library-prices.js';
import { readOverrideFile } from './override-file.js';
import { indexOverrides, type OverrideIndex, type PriceOverride } from './price-override.js';
import { costOf, scaled, type PriceTable } from './price-table.js';
import type { Price, PriceExplanation, PriceQuery, Pricer } from './price.js';
import { UnknownModels } from './unknown-models.js';

export interface PricerOptions {
  /** PRICES_FILE, as the user wrote it. */
  readonly pricesFile?: string;
  /** The library's id of a provider; undefined where there is no such provider. */
  readonly providerIds: (provider: string) => string | undefined;
  /** Told once per provider and model that a call had tokens and no price. */
  readonly onUnknownModel?: (provider: string, model: string) => void;
}

/** Tiers that cost the model's list price, as providers call them. */
const STANDARD_TIERS: ReadonlySet<string> = new Set(['default', 'standard', 'on_demand', 'auto']);

/**
 * The pricer of this process; all data is loaded when it resolves. The provider's own figure comes
 * first, then PRICES_FILE, then `@pydantic/genai-prices`.
 *
 * @throws Failure where PRICES_FILE cannot be used
 */
export async function loadPricer(options: PricerOptions): Promise<Pricer> {
  const { pricesFile, providerIds } = options;
  const library = await loadLibraryPrices();
  const file = pricesFile === undefined ? undefined : await readOverrideFile(pricesFile, (name) => providerIds(name) !== undefined);
  const finder = new TableFinder({
    library,
    overrides: file && { index: indexOverrides(file.overrides), version: file.version },
    providerIds,
  });
  const unknown = new UnknownModels(options.onUnknownModel);
  return {
    price: (query) => {
      const { provider, model, responseModel, usage } = query;
      const own = usage === undefined ? undefined : providersFigure(usage);
      if (own !== undefined) return own;
      const price = usage === undefined ? undefined : estimate(query, usage, finder);
      if (price === undefined && usage !== undefined && splitBuckets(usage) !== undefined) unknown.met(provider, model ?? responseModel);
      return price;
    },
    explain: ({ provider, model, at }) => finder.find(provider, [model], at),
    unpriced: () => unknown.calls,
  };
}

function providersFigure({ providerCost }: Usage): Price | undefined {
  if (providerCost === undefined || !Number.isFinite(providerCost) || providerCost < 0) return undefined;
  return { cost: providerCost, source: 'provider', version: '' };
}

function estimate(query: PriceQuery, usage: Usage, finder: TableFinder): Price | undefined {
  const { parts } = usage;
  if (parts === undefined) return estimateOne(query, usage, byDetail(query.model, query.responseModel), finder);
  let sum: Price | undefined;
  for (const part of parts) {
    const price = providersFigure(part) ?? estimateOne(query, part, namesOf(part, query), finder);
    if (price === undefined) return undefined;
    sum = { ...price, cost: price.cost + (sum?.cost ?? 0) };
  }
  return sum;
}

function estimateOne(
  { provider, at }: PriceQuery, usage: Usage, names: readonly (string | undefined)[], finder: TableFinder,
): Price | undefined {
  const tokens = splitBuckets(usage);
  if (tokens === undefined) return undefined;
  const found = finder.find(provider, names, at);
  if (found === undefined) return undefined;
  const factor = tierFactor(found, usage.serviceTier);
  const cost = factor === undefined ? undefined : costOf(tokens, scaled(found.table, factor));
  return cost === undefined ? undefined : { cost, source: found.source, version: found.version };
}

/** The names of a part's model. The call's own are other models, save where they name the same with more detail. */
function namesOf({ model: part }: UsagePart, { model, responseModel }: PriceQuery): readonly (string | undefined)[] {
  if (part === undefined) return byDetail(model, responseModel);
  return [...[model, responseModel].filter((name) => name !== undefined && saysMore(name, part)), part];
}

/**
 * A model's names, the one that says more first: mostly the answer's (`gpt-4o-2024-08-06` for
 * `gpt-4o`), but Bedrock's ids hold the answer's name and the region that is billed.
 */
function byDetail(asked: string | undefined, answered: string | undefined): readonly (string | undefined)[] {
  return asked !== undefined && answered !== undefined && saysMore(asked, answered) ? [asked, answered] : [answered, asked];
}

/** What may follow a model's name in a longer name for the same: Bedrock's `-v1:0`, a route of OpenRouter's (`:free`). */
const SAME_MODEL = /^(?:-v\d+)?(?::[\w-]+)?$/;

/** Whether the one name is the other with a place before it or a route behind it; `gpt-4o-mini` is another model than `gpt-4o`. */
function saysMore(name: string, other: string): boolean {
  const at = name.lastIndexOf(other);
  return at !== -1 && /^[^\w-]?$/.test(name.charAt(at - 1)) && SAME_MODEL.test(name.slice(at + other.length));
}

/** A tier that nobody gave a multiplier for has another price than the list's, and which is unknown. */
function tierFactor({ serviceTiers }: PriceExplanation, tier: string | undefined): number | undefined {
  const name = tier?.toLowerCase();
  if (name === undefined) return 1;
  return serviceTiers[name] ?? (STANDARD_TIERS.has(name) ? 1 : undefined);
}

interface TableSources {
  readonly library: LibraryPrices;
  readonly overrides: { readonly index: OverrideIndex; readonly version: string } | undefined;
  readonly providerIds: (provider: string) => string | undefined;
}

/** Finds the table in force, in PRICES_FILE first. */
class TableFinder {
  readonly #sources: TableSources;

  constructor(sources: TableSources) {
    this.#sources = sources;
  }

  /** The first of the names that has a price; an entry for any of them comes before the library's price of any. */
  find(provider: string, names: readonly (string | undefined)[], at: number): PriceExplanation | undefined {
    const models = names.filter((name) => name !== undefined && name !== '') as string[];
    const { library, overrides } = this.#sources;
    const override = overrides?.index.find(provider, models, at);
    const overridden = override && this.#overriddenTable(override, provider, models, at);
    if (overrides !== undefined && override !== undefined && overridden !== undefined) {
      const { place, serviceTiers } = override;
      return { source: 'override', version: overrides.version, matched: place, table: overridden, serviceTiers };
    }
    const price = this.#listPrice(provider, models, at);
    return price && { source: 'genai-prices', version: library.version, matched: `${price.id} (genai-prices)`, table: price.table, serviceTiers: {} };
  }

  #overriddenTable(override: PriceOverride, provider: string, models: readonly string[], at: number): PriceTable | undefined {
    const { baseModel } = override;
    const table = override.table ?? this.#listPrice(provider, baseModel === undefined ? models : [baseModel], at)?.table;
    return table && scaled(table, override.multiplier);
  }

  #listPrice(provider: string, models: readonly string[], at: number): LibraryPrice | undefined {
    const id = this.#sources.providerIds(provider);
    if (id === undefined) return undefined;
    for (const model of models) {
      const price = this.#sources.library.find(id, model, at);
      if (price !== undefined) return price;
    }
    return undefined;
  }
}
