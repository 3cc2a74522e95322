const WINDOW_MS = 60_000;
const PER_MINUTE = 60;

/**
 * How many refusals of strangers are recorded: whoever has no key must not be able to fill the log. The first
 * ones of each minute are; of the others it is told how many there were, when the next minute's first one comes.
 */
export class RefusalQuota {
  readonly #onLeftOut: ((count: number) => void) | undefined;
  #windowBegan = -Infinity;
  #taken = 0;
  #leftOut = 0;
  /** Refusals that were answered and not recorded, since the start. */
  unrecorded = 0;

  constructor(onLeftOut?: (count: number) => void) {
    this.#onLeftOut = onLeftOut;
  }

  /** Whether a refusal at that moment (monotonic, milliseconds) may be recorded. */
  take(now: number): boolean {
    if (now - this.#windowBegan >= WINDOW_MS) {
      if (this.#leftOut > 0) this.#onLeftOut?.(this.#leftOut);
      this.#windowBegan = now;
      this.#taken = this.#leftOut = 0;
    }
    if (this.#taken < PER_MINUTE) {
      this.#taken++;
      return true;
    }
    this.#leftOut++;
    this.unrecorded++;
    return false;
  }
}
