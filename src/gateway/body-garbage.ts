/** Shorter bodies come in memory that V8 makes itself and collects in time. */
const LONG_BYTES = 16 * 1024;
/** Bodies above this are few, and so large that most of them is alive when the next collection comes. */
const HUGE_BYTES = 1024 * 1024;
const COLLECTED_BYTES = 4 * 1024 * 1024;

/**
 * Has the young generation collected when long bodies have left garbage. Node reads sockets into memory
 * outside of V8's heap: its tiny owners do not fill the young generation, so nothing frees it until V8 finds
 * that there is much of it, and then V8 collects everything, in a hundred times the work.
 */
export class BodyGarbage {
  readonly #collect: (() => void) | undefined;
  #bytes = 0;
  #due = false;

  /** @param gc what `--expose-gc` makes; without it V8 decides alone */
  constructor(gc: NodeJS.GCFunction | undefined = globalThis.gc) {
    if (gc === undefined) return;
    this.#collect = () => {
      this.#due = false;
      this.#bytes = 0;
      gc({ type: 'minor', execution: 'sync' } as NodeJS.GCOptions);
    };
  }

  /** A body of so many bytes is needed no longer. */
  add(bytes: number): void {
    if (this.#collect === undefined || bytes < LONG_BYTES || bytes > HUGE_BYTES) return;
    this.#bytes += bytes;
    if (this.#due || this.#bytes < COLLECTED_BYTES) return;
    this.#due = true;
    // Not before an answer that is on its way.
    setImmediate(this.#collect);
  }
}
