const FIRST_SLAB_BYTES = 1024;
const LAST_SLAB_BYTES = 64 * 1024;
/** Shorter pieces are copied: a Buffer of its own would cost more. */
const OWN_PIECE_BYTES = 4 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Bytes that come in pieces and are wanted as a whole. What is held in memory is about what was
 * kept, however small the pieces are: small ones are copied together, since each Buffer costs some
 * hundred bytes and keeps the whole block alive that it was cut from.
 */
export class KeptBytes {
  #pieces: Buffer[] = [];
  /** The end of the last slab that is still free. */
  #free: Buffer | undefined;
  #slab: Buffer | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    // One piece alone is mostly all there is.
    if (this.#length === 0 || (this.#slab === undefined && standsAlone(piece))) this.#pieces.push(piece);
    else this.#copy(piece);
    this.#length += piece.length;
  }

  /** All of it; afterwards nothing is kept. */
  take(): Buffer {
    if (this.#length === 0) return NOTHING;
    this.#closeSlab();
    const [first] = this.#pieces;
    const whole = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces, this.#length);
    this.clear();
    return whole;
  }

  clear(): void {
    if (this.#length === 0) return;
    this.#pieces = [];
    this.#slab = undefined;
    this.#free = undefined;
    this.#length = 0;
  }

  #copy(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0) {
      this.#free ??= this.#openSlab();
      const copied = rest.copy(this.#free);
      this.#free = copied === this.#free.length ? undefined : this.#free.subarray(copied);
      if (this.#free === undefined) this.#closeSlab();
      rest = rest.subarray(copied);
    }
  }

  #openSlab(): Buffer {
    this.#slab = Buffer.allocUnsafe(Math.min(LAST_SLAB_BYTES, Math.max(FIRST_SLAB_BYTES, this.#length)));
    return this.#slab;
  }

  #closeSlab(): void {
    if (this.#slab === undefined) return;
    this.#pieces.push(this.#slab.subarray(0, this.#slab.length - (this.#free?.length ?? 0)));
    this.#slab = undefined;
    this.#free = undefined;
  }
}

/** Whether keeping the piece costs hardly more than its bytes: it is long, and most of the block that it was cut from. */
function standsAlone(piece: Buffer): boolean {
  return piece.length >= OWN_PIECE_BYTES && piece.length * 2 > piece.buffer.byteLength;
}
