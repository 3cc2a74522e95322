import type { Config } from '../config/config.js';
import type { Upstream } from '../gateway/upstream.js';
import type { Price, PriceQuery, Pricer } from '../pricing/price.js';
import { loadPricer } from '../pricing/pricer.js';
import type { Logger } from './logger.js';

interface PriceOptions {
  readonly config: Config;
  readonly upstreams: readonly Upstream[];
  readonly logger: Logger;
}

/** The price table of a running gateway, which PRICES_FILE may change; it says once per model what it cannot price. */
export class LivePrices {
  readonly price = (query: PriceQuery): Price | undefined => this.#pricer.price(query);
  readonly #options: PriceOptions;
  #pricer: Pricer;
  /** Of tables that are out of force. */
  #unpriced = 0;

  private constructor(options: PriceOptions, pricer: Pricer) {
    this.#options = options;
    this.#pricer = pricer;
  }

  /** Ready before the first request. @throws Failure where PRICES_FILE cannot be used */
  static async load(options: PriceOptions): Promise<LivePrices> {
    return new LivePrices(options, await open(options, options.config));
  }

  /** Calls that had tokens and no price. */
  unpriced(): number {
    return this.#unpriced + this.#pricer.unpriced();
  }

  /** Reads PRICES_FILE again; resolves with what puts it in force. @throws Failure where it cannot be used */
  async prepare(config: Config): Promise<() => void> {
    const pricer = await open(this.#options, config);
    return () => {
      this.#unpriced = this.unpriced();
      this.#pricer = pricer;
    };
  }
}

function open({ upstreams, logger }: PriceOptions, config: Config): Promise<Pricer> {
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
