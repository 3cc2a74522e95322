import type { Config } from '../config/config.js';
import { upstreamsFrom } from '../gateway/create.js';
import { findUnpricedCalls } from '../telemetry/unpriced-calls.js';
import { openPricer } from './prices.js';

/** A model that the log has calls of which used tokens and have no cost. */
export interface CheckedModel {
  readonly provider: string;
  readonly model: string;
  readonly response_model: string | null;
  readonly calls: number;
  readonly last_seen: string;
  /** A price is known by now: those calls came before it, or had a service tier or counts that have none. */
  readonly priced_now: boolean;
}

export interface PriceCheck {
  /** Calls in the log that used tokens. */
  readonly calls: number;
  readonly models: readonly CheckedModel[];
}

/** Looks through the local log for models without a price; `now` in milliseconds since the epoch. */
export async function checkPrices(config: Config, now: number): Promise<PriceCheck> {
  const pricer = await openPricer(config, upstreamsFrom((name) => config.variable(name)));
  const { counted, models } = await findUnpricedCalls(config.telemetry.dir);
  return {
    calls: counted,
    models: models.map(({ provider, model, responseModel, calls, lastSeen }) => ({
      provider,
      model,
      response_model: responseModel ?? null,
      calls,
      last_seen: lastSeen,
      priced_now: [model, responseModel].some((name) => name !== undefined && pricer.explain({ provider, model: name, at: now }) !== undefined),
    })),
  };
}
