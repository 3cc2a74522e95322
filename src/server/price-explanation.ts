import type { Config } from '../config/config.js';
import { Failure } from '../domain/failure.js';
import { upstreamsFrom } from '../gateway/create.js';
import type { PriceExplanation, Pricer } from '../pricing/price.js';
import type { PriceTable } from '../pricing/price-table.js';
import type { ScheduledPrice } from '../pricing/schedule.js';
import { parseUtcTime, UTC_TIME_SHAPES } from '../pricing/utc-time.js';
import { openPricer } from './prices.js';

/** The price of a model at one provider, and why that one. */
export interface ExplainedPrice extends Omit<PriceExplanation, 'schedule'> {
  readonly provider: string;
  readonly model: string;
  /** Where the price depends on the time: all prices, the last that holds being the one in force. */
  readonly schedule?: readonly TimedPrice[];
}

/** A price and when it holds: from a day on, at hours of the day in UTC, from Monday to Friday. */
export interface TimedPrice {
  readonly from?: string;
  readonly hours?: { readonly start: string; readonly end: string };
  readonly workdays?: true;
  /** Null where no price is known. */
  readonly table: PriceTable | null;
}

/**
 * The price that is in force for a model: at one provider, or at each that has one.
 * @param at a day or time in UTC, as the user wrote it; now unless given
 * @throws Failure where the provider does not exist, the time is not valid, or nobody has a price for the model
 */
export async function explainPrice(
  config: Config, { model, provider, at }: { model: string; provider?: string | undefined; at?: string | undefined },
): Promise<ExplainedPrice[]> {
  const upstreams = upstreamsFrom((name) => config.variable(name));
  const names = upstreams.map((upstream) => upstream.provider.name);
  const asked = provider?.toLowerCase();
  if (asked !== undefined && !names.includes(asked)) {
    throw new Failure({
      code: 'unknown_provider', message: `--provider ${provider ?? ''}: no such provider`, fix: `Use one of: ${names.join(', ')}.`,
    });
  }
  const time = at === undefined ? Date.now() : parseUtcTime(at);
  if (time === undefined) throw new Failure({ code: 'bad_time', message: `--at ${at ?? ''}: is not a day or a time`, fix: UTC_TIME_SHAPES });
  const pricer = await openPricer(config, upstreams);
  const found = (asked === undefined ? names : [asked]).flatMap((name) => explained(pricer, name, model, time));
  if (found.length > 0) return found;
  throw new Failure({
    code: 'price_unknown',
    message: `no price is known for the model ${JSON.stringify(model)}${asked === undefined ? '' : ` at ${asked}`}`,
    fix: 'Check the spelling, or add the model to a file and name that in PRICES_FILE (docs/pricing.md).',
    exitCode: 1,
  });
}

function explained(pricer: Pricer, provider: string, model: string, at: number): ExplainedPrice[] {
  const explanation = pricer.explain({ provider, model, at });
  if (explanation === undefined) return [];
  const { schedule, ...rest } = explanation;
  return [{ provider, model, ...rest, ...(schedule === undefined ? {} : { schedule: schedule.map(timed) }) }];
}

function timed({ from, table, ...when }: ScheduledPrice): TimedPrice {
  return { ...(from === undefined ? {} : { from: new Date(from).toISOString() }), ...when, table: table ?? null };
}
