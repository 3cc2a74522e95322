/** Smaller bodies come in one read: they are not worth the copy. */
const MIN_KEPT_BYTES = 64 * 1024;
const MAX_KEPT_BYTES = 1024 * 1024;
/** Of all pieces together, in use or free. */
const LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * Memory for long request bodies that is used again and again. What a body is read into lives as long as
 * its request, which is long for V8's young generation: a hundred kilobytes per request that grow old bring
 * one full collection after the other.
 */
export class BodyMemory {
  /** By the power of two that is their length. */
  readonly #free = new Map<number, Buffer[]>();
  readonly #limit: number;
  readonly #longest: number;
  /** Bytes of all pieces, in use or free. */
  #held = 0;

  /** @param longest bytes of the longest body that is kept in it */
  constructor(limit: number = LIMIT_BYTES, longest: number = MAX_KEPT_BYTES) {
    this.#limit = limit;
    this.#longest = longest;
  }

  /** A piece with room for so many bytes, holding whatever it held before; undefined where the length is none that is kept, or all are taken. */
  take(bytes: number): Buffer | undefined {
    if (bytes <= MIN_KEPT_BYTES || bytes > this.#longest) return undefined;
    const length = 2 ** Math.ceil(Math.log2(bytes));
    const piece = this.#free.get(length)?.pop();
    if (piece !== undefined) return piece;
    if (this.#held + length > this.#limit) this.#shed();
    if (this.#held + length > this.#limit) return undefined;
    this.#held += length;
    return Buffer.allocUnsafeSlow(length);
  }

  /** For the next body: nobody reads the piece any more, nor does the system. */
  give(piece: Buffer): void {
    const free = this.#free.get(piece.length);
    if (free === undefined) this.#free.set(piece.length, [piece]);
    else free.push(piece);
  }

  /** The piece may still be read: it is left to the garbage collection. */
  forget(piece: Buffer): void {
    this.#held -= piece.length;
  }

  /** Bodies of another length than before need the room now. */
  #shed(): void {
    for (const pieces of this.#free.values()) for (const piece of pieces) this.forget(piece);
    this.#free.clear();
  }
}
