import { SpareMemory } from './spare-memory.js';

/** A full batch, and the lines that go beyond. */
const SLAB_BYTES = 4 * 1024 * 1024 + 512 * 1024;
/** Many small batches that wait must not hold a slab each. */
const MAX_SLABS = 8;

/** Memory for the lines of a batch. */
export interface Slab {
  readonly memory: Buffer;
  used: number;
  /** Lines in it that are not settled. */
  open: number;
}

/** The slabs of all batches. */
export class Slabs {
  readonly #spare = new SpareMemory();
  readonly #max: number;
  #taken = 0;

  constructor(max: number = MAX_SLABS) {
    this.#max = max;
  }

  /** Undefined where as many are taken as may be. */
  take(): Slab | undefined {
    if (this.#taken >= this.#max) return undefined;
    this.#taken++;
    return { memory: this.#spare.take() ?? Buffer.allocUnsafeSlow(SLAB_BYTES), used: 0, open: 0 };
  }

  /** Nothing of it may be read any more. */
  give({ memory }: Slab): void {
    this.#taken--;
    this.#spare.give(memory);
  }
}

/** Copies lines into a slab; undefined where it has no room for them. */
export function keepIn(slab: Slab, bytes: Buffer, lines: number): Buffer | undefined {
  const end = slab.used + bytes.length;
  if (end > slab.memory.length) return undefined;
  const kept = slab.memory.subarray(slab.used, end);
  kept.set(bytes);
  slab.used = end;
  slab.open += lines;
  return kept;
}
