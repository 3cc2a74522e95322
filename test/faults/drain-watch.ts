/** From this age of the oldest record on, the export counts as behind: younger ones wait for their batch. */
const BEHIND_SECONDS = 3;

/** How long the export was behind at most, from the oldest record that waited until it had caught up. */
export class DrainWatch {
  #since: number | undefined;
  #longestMs = 0;

  /** Age of the oldest record that is not exported; null where none waits, undefined where the gateway did not say. */
  saw(oldestSeconds: number | null | undefined, now: number = performance.now()): void {
    if (oldestSeconds === undefined) return;
    if (oldestSeconds === null || oldestSeconds <= BEHIND_SECONDS) {
      this.#since = undefined;
      return;
    }
    this.#since ??= now - oldestSeconds * 1_000;
    this.#longestMs = Math.max(this.#longestMs, now - this.#since);
  }

  get longestMs(): number {
    return this.#longestMs;
  }
}
