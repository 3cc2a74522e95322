import type { ErrorType } from '../domain/error-types.js';

/** An exchange that may overstay. */
export interface Expirable {
  /** Which time-out is over at `now` (performance.now()), if any. */
  overdue(now: number): ErrorType | undefined;
  /** Ends the exchange for that reason. */
  expire(reason: ErrorType): void;
}

/**
 * All running exchanges, looked at together a few times a second: no timer per request, none per
 * chunk. A time-out is therefore late by up to one interval, never early.
 */
export class Sweeper {
  readonly #running = new Set<Expirable>();
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;

  /** @param timeoutsMs the time-outs in force; the interval follows the shortest (0 = off, ignored) */
  constructor(timeoutsMs: readonly number[]) {
    const shortest = Math.min(1_000, ...timeoutsMs.filter((ms) => ms > 0));
    this.#intervalMs = Math.max(5, Math.floor(shortest / 4));
  }

  get size(): number {
    return this.#running.size;
  }

  add(exchange: Expirable): void {
    this.#running.add(exchange);
    this.#timer ??= setInterval(() => this.#sweep(), this.#intervalMs).unref();
  }

  delete(exchange: Expirable): void {
    this.#running.delete(exchange);
    if (this.#running.size === 0) this.#whenIdle?.();
  }

  /** Ends every running exchange (the shutdown deadline). */
  expireAll(reason: ErrorType): void {
    for (const exchange of [...this.#running]) exchange.expire(reason);
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => { this.#whenIdle = resolve; });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = performance.now();
    for (const exchange of this.#running) {
      const reason = exchange.overdue(now);
      if (reason !== undefined) exchange.expire(reason);
    }
  }
}
