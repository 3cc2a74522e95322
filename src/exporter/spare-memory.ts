/** So many pieces are kept for the next ones. */
const MAX_KEPT = 2;

/**
 * Large memory that is used again and again. It lies outside of V8's heap, but each megabyte of it
 * that is made anew brings the next collection of the whole heap nearer: half of what an export cost.
 */
export class SpareMemory {
  readonly #kept: Buffer[] = [];

  take(): Buffer | undefined {
    return this.#kept.pop();
  }

  /** Nobody reads or writes it any more. It must be memory of its own, no part of any other. */
  give(memory: Buffer): void {
    if (this.#kept.length < MAX_KEPT) this.#kept.push(memory);
    else free(memory);
  }
}

/** Gives memory of its own back to the system now: the next collection, which would do it, may be minutes away. */
export function free(memory: Buffer): void {
  (memory.buffer as ArrayBuffer).transfer(0);
}
