/** Wakes the one loop that waits, and never loses a call that comes before the wait. */
export class Signal {
  #count = 0;
  #wake: (() => void) | undefined;

  /** Calls of `raise` so far: read it before looking at the state that the calls tell of. */
  get count(): number {
    return this.#count;
  }

  raise(): void {
    this.#count++;
    this.#wake?.();
  }

  /** Resolves at once if anything was raised since `seen`, else at the next call or after `ms`. */
  async wait(seen: number, ms: number): Promise<void> {
    if (this.#count !== seen) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
