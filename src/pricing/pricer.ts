import { splitBuckets } from './buckets.js';
import { estimate, providersFigure, type Estimator } from './estimate.js';
import { loadLibraryPrices } from './library-prices.js';
import { readOverrideFile } from './override-file.js';
import { indexOverrides } from './price-override.js';
import type { Pricer } from './price.js';
import { TableFinder } from './table-finder.js';
import { UnknownModels } from './unknown-models.js';

export interface PricerOptions {
  /** PRICES_FILE, as the user wrote it. */
  readonly pricesFile?: string;
  /** The library's id of a provider; undefined where there is no such provider. */
  readonly providerIds: (provider: string) => string | undefined;
  /** Whether a provider can serve a model at all; unless given, each can serve what its list has. */
  readonly serves?: (provider: string, model: string) => boolean;
  /** Told once per provider and model that a call had tokens and no price. */
  readonly onUnknownModel?: (provider: string, model: string) => void;
}

/**
 * The pricer of this process; all data is loaded when it resolves. The provider's own figure comes
 * first, then PRICES_FILE, then our corrections, then `@pydantic/genai-prices`.
 *
 * @throws Failure where PRICES_FILE cannot be used
 */
export async function loadPricer(options: PricerOptions): Promise<Pricer> {
  const { pricesFile, providerIds, serves = () => true } = options;
  const library = await loadLibraryPrices();
  const file = pricesFile === undefined ? undefined : await readOverrideFile(pricesFile, (name) => providerIds(name) !== undefined);
  const overrides = file && { index: indexOverrides(file.overrides), version: file.version };
  const estimator: Estimator = { finder: new TableFinder({ library, overrides, providerIds, serves }), providerIds };
  const unknown = new UnknownModels(options.onUnknownModel);
  return {
    price: (query) => {
      const { provider, model, responseModel, usage } = query;
      if (usage === undefined) return undefined;
      const price = providersFigure(usage) ?? estimate(query, usage, estimator);
      // Where the counts are in doubt, the price is not what is missing.
      if (price === undefined && splitBuckets(usage) !== undefined) unknown.met(provider, usage.uncertain === true ? undefined : model ?? responseModel);
      return price;
    },
    explain: ({ provider, model, at }) => {
      const found = estimator.finder.find(provider, [model], at);
      if (found === undefined) return undefined;
      const { source, version, matched, table, schedule, serviceTiers, regions } = found;
      return {
        source, version, matched, table, serviceTiers,
        ...(schedule.length === 1 ? {} : { schedule }), ...(Object.keys(regions).length === 0 ? {} : { regions }),
      };
    },
    unpriced: () => unknown.calls,
  };
}
