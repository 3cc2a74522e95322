import type { Config } from '../config/config.js';
import type { Upstream } from '../gateway/upstream.js';
import type { Pricer } from '../pricing/price.js';
import { loadPricer } from '../pricing/pricer.js';
import type { Logger } from './logger.js';

/** The price table, ready before the first request; says once per model what it cannot price. */
export async function loadPrices({ config, upstreams, logger }: {
  readonly config: Config; readonly upstreams: readonly Upstream[]; readonly logger: Logger;
}): Promise<Pricer> {
  return openPricer(config, upstreams, (provider, model) => {
    logger.warn({ provider, model }, 'no price is known for this model: its records have no cost (PRICES_FILE adds one)');
  });
}

/** The pricer that the configuration describes. @throws Failure where PRICES_FILE cannot be used */
export function openPricer(
  config: Config, upstreams: readonly Upstream[], onUnknownModel?: (provider: string, model: string) => void,
): Promise<Pricer> {
  const ids = new Map(upstreams.map(({ provider }) => [provider.name, provider.pricingId ?? provider.name]));
  const priced = new Map(upstreams.map(({ provider }) => [provider.name, provider.pricedModels]));
  const pricesFile = config.variable('PRICES_FILE')?.value;
  return loadPricer({
    ...(pricesFile === undefined ? {} : { pricesFile }),
    providerIds: (provider) => ids.get(provider),
    serves: (provider, model) => priced.get(provider)?.test(model) ?? true,
    ...(onUnknownModel === undefined ? {} : { onUnknownModel }),
  });
}
