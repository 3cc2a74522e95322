import type { Config } from '../config/config.js';
import type { Upstream } from '../gateway/upstream.js';
import type { Pricer } from '../pricing/price.js';
import { loadPricer } from '../pricing/pricer.js';
import type { Logger } from './logger.js';

/** The price table, ready before the first request; says once per model what it cannot price. */
export async function loadPrices(options: {
  readonly config: Config; readonly upstreams: readonly Upstream[]; readonly logger: Logger;
}): Promise<Pricer> {
  const { config, upstreams, logger } = options;
  const ids = new Map(upstreams.map(({ provider }) => [provider.name, provider.pricingId ?? provider.name]));
  const pricesFile = config.variable('PRICES_FILE')?.value;
  return loadPricer({
    ...(pricesFile === undefined ? {} : { pricesFile }),
    providerIds: (provider) => ids.get(provider),
    onUnknownModel: (provider, model) => {
      logger.warn({ provider, model }, 'no price is known for this model: its records have no cost (PRICES_FILE adds one)');
    },
  });
}
