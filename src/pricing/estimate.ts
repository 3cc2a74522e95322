import type { Usage } from '../domain/usage.js';
import { splitBuckets } from './buckets.js';
import { namesOfCall, namesOfPart } from './model-names.js';
import { costOf, scaled, withPremium } from './price-table.js';
import type { Price, PriceQuery } from './price.js';
import { regionFactor } from './regions.js';
import type { FoundPrice, TableFinder } from './table-finder.js';

/** Tiers that cost the model's list price, as providers call them. */
const STANDARD_TIERS: ReadonlySet<string> = new Set(['default', 'standard', 'on_demand', 'auto']);
/** From then on Anthropic does not bill a request that is refused before any output; of others nobody says it. */
const FREE_REFUSALS = { provider: 'anthropic', from: Date.UTC(2026, 5, 2) } as const;

export interface Estimator {
  readonly finder: TableFinder;
  /** The library's id of a provider. */
  readonly providerIds: (provider: string) => string | undefined;
}

/** What the provider itself says that the call cost. */
export function providersFigure({ providerCost }: Usage): Price | undefined {
  if (providerCost === undefined || !Number.isFinite(providerCost) || providerCost < 0) return undefined;
  return { cost: providerCost, source: 'provider', version: '' };
}

/** What the tokens cost by the tables; of several bills the sum, where each of them has a price. */
export function estimate(query: PriceQuery, usage: Usage, estimator: Estimator): Price | undefined {
  const { parts } = usage;
  if (parts === undefined) return estimateOne(query, usage, namesOfCall(query), estimator);
  let sum: Price | undefined;
  for (const part of parts) {
    const price = providersFigure(part) ?? estimateOne(query, part, namesOfPart(part, query), estimator);
    if (price === undefined) return undefined;
    sum = { ...price, cost: tidy(price.cost + (sum?.cost ?? 0)) };
  }
  // A refusal is known only when all parts are.
  return sum !== undefined && usage.refused === true ? refusal(query, sum, estimator) : sum;
}

function estimateOne(query: PriceQuery, usage: Usage, names: readonly string[], estimator: Estimator): Price | undefined {
  const { provider, at } = query;
  const tokens = usage.uncertain === true ? undefined : splitBuckets(usage);
  if (tokens === undefined) return undefined;
  const found = estimator.finder.find(provider, names, at);
  if (found === undefined) return undefined;
  const tier = tierFactor(found, usage.serviceTier);
  const region = premium(found, usage.region ?? query.region, query, estimator);
  if (tier === undefined || region === undefined) return undefined;
  const cost = costOf(tokens, withPremium(scaled(found.table, tier), region), found.audioApart);
  const price: Price | undefined = cost === undefined ? undefined : { cost: tidy(cost), source: found.source, version: found.version };
  return price !== undefined && usage.refused === true ? refusal(query, price, estimator) : price;
}

/** Without the noise of binary fractions: 0.305, not 0.30500000000000005. Beyond that range a double has no such digits. */
function tidy(cost: number): number {
  return cost < 900 ? Math.round(cost * 1e13) / 1e13 : cost;
}

/** A call that was refused before any output: not billed where the provider says so, of unknown cost elsewhere. */
function refusal({ provider, at }: PriceQuery, price: Price, { providerIds }: Estimator): Price | undefined {
  return providerIds(provider) === FREE_REFUSALS.provider && at >= FREE_REFUSALS.from ? { ...price, cost: 0 } : undefined;
}

/** A tier that nobody gave a multiplier for has another price than the list's, and which is unknown. */
function tierFactor({ serviceTiers }: FoundPrice, tier: string | undefined): number | undefined {
  const name = tier?.toLowerCase();
  if (name === undefined) return 1;
  return serviceTiers[name] ?? (STANDARD_TIERS.has(name) ? 1 : undefined);
}

/** An entry's own multiplier for the region comes first; rates of the entry's own are what is paid everywhere else. */
function premium(
  { regions, ownRates, name }: FoundPrice, region: string | undefined, { provider, at }: PriceQuery, { providerIds }: Estimator,
): number | undefined {
  if (region === undefined) return 1;
  const own = regions[region.toLowerCase()] ?? (region === 'global' ? undefined : regions['*']);
  if (own !== undefined) return own;
  return ownRates ? 1 : regionFactor(providerIds(provider) ?? '', name, region, at);
}
