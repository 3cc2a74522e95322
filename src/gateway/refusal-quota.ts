const WINDOW_MS = 60_000;

/**
 * How many refusals of strangers are recorded: whoever has no key must not be able to fill the log. The
 * first ones of each minute are; all are counted.
 */
export class RefusalQuota {
  readonly #perMinute: number;
  #windowBegan = -Infinity;
  #taken = 0;
  /** Refusals that were answered and not recorded, since the start. */
  unrecorded = 0;

  constructor(perMinute = 60) {
    this.#perMinute = perMinute;
  }

  /** Whether a refusal at that moment (monotonic, milliseconds) may be recorded. */
  take(now: number): boolean {
    if (now - this.#windowBegan >= WINDOW_MS) {
      this.#windowBegan = now;
      this.#taken = 0;
    }
    if (this.#taken < this.#perMinute) {
      this.#taken++;
      return true;
    }
    this.unrecorded++;
    return false;
  }
}
