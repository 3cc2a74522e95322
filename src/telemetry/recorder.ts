import type { Exchange, RecordExchange } from '../domain/exchange.js';
import type { Price, PriceQuery } from '../pricing/price.js';
import { recordLine } from './record-line.js';

export interface RecorderOptions {
  readonly log: { append(line: string): void | Promise<void> };
  /** Prices a call; a throw counts as no price. */
  readonly price: (query: PriceQuery) => Price | undefined;
  readonly instance: string;
  readonly version: string;
  /** Told of each exchange whose line was handed to the log, with the price that was recorded. */
  readonly onRecord?: (exchange: Exchange, price: Price | undefined) => void;
}

/** Turns exchanges into lines of the log; never throws, whatever the parts do. */
export function createRecorder(options: RecorderOptions): RecordExchange {
  const { log, instance, version, onRecord } = options;
  const priceOf = ({ provider, model, responseModel, usage, region, receivedAt }: Exchange): Price | undefined => {
    if (usage === undefined) return undefined;
    try {
      return options.price({ provider, model, responseModel, usage, at: receivedAt, ...(region === undefined ? {} : { region }) });
    } catch {
      return undefined;
    }
  };
  return (exchange) => {
    const price = priceOf(exchange);
    const written = log.append(recordLine(exchange, { instance, version, price }));
    try {
      onRecord?.(exchange, price);
    } catch {
      // An observer's fault is not the call's.
    }
    return written;
  };
}
