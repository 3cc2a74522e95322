/**
 * How many bulk requests may run at once: one more after as many successes in a row as run now, half
 * as many when the cluster says that it has too much to do. So a backlog drains at the cluster's speed.
 */
export class Concurrency {
  readonly #max: number;
  #limit: number;
  #successes = 0;

  constructor(max: number, start: number = Math.min(2, max)) {
    this.#max = max;
    this.#limit = start;
  }

  get limit(): number {
    return this.#limit;
  }

  succeeded(): void {
    if (++this.#successes < this.#limit) return;
    this.#successes = 0;
    this.#limit = Math.min(this.#max, this.#limit + 1);
  }

  overloaded(): void {
    this.#successes = 0;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }
}
