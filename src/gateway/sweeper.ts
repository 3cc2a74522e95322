import type { ErrorType } from '../domain/error-types.js';

/** An exchange that may overstay. */
export interface Expirable {
  /** The sweeper's own: where it keeps the exchange; -1 = it does not. */
  place: number;
  /** Which time-out is over at `now` (performance.now()), if any. */
  overdue(now: number): ErrorType | undefined;
  /** Ends the exchange for that reason. */
  expire(reason: ErrorType): void;
}

/**
 * All running exchanges, looked at together a few times a second: no timer per request, none per
 * chunk. A time-out is therefore late by up to one interval, never early.
 *
 * They stand in an array and know their places. A Set that grows and shrinks with every request
 * leaves a chain of old tables behind, each with the exchanges of its time; once one of them is in
 * the old generation it keeps all that follow from being collected young.
 */
export class Sweeper {
  readonly #running: Expirable[] = [];
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;

  /** @param timeoutsMs the time-outs in force; the interval follows the shortest (0 = off, ignored) */
  constructor(timeoutsMs: readonly number[]) {
    const shortest = Math.min(1_000, ...timeoutsMs.filter((ms) => ms > 0));
    this.#intervalMs = Math.max(5, Math.floor(shortest / 4));
  }

  get size(): number {
    return this.#running.length;
  }

  add(exchange: Expirable): void {
    if (exchange.place === -1) exchange.place = this.#running.push(exchange) - 1;
    this.#timer ??= setInterval(() => this.#sweep(), this.#intervalMs).unref();
  }

  delete(exchange: Expirable): void {
    const { place } = exchange;
    if (place === -1) return;
    exchange.place = -1;
    const last = this.#running.pop() as Expirable;
    if (last !== exchange) {
      this.#running[place] = last;
      last.place = place;
    }
    if (this.#running.length === 0) this.#whenIdle?.();
  }

  /** Ends every running exchange (the shutdown deadline). */
  expireAll(reason: ErrorType): void {
    for (const exchange of [...this.#running]) exchange.expire(reason);
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    if (this.#running.length === 0) return Promise.resolve();
    return new Promise((resolve) => { this.#whenIdle = resolve; });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = performance.now();
    for (const exchange of [...this.#running]) {
      const reason = exchange.overdue(now);
      if (reason !== undefined) exchange.expire(reason);
    }
  }
}
