const FIRST_SLAB_BYTES = 1024;
const LAST_SLAB_BYTES = 64 * 1024;
/** Shorter pieces are copied: a Buffer of its own would cost more. */
const OWN_PIECE_BYTES = 4 * 1024;
const SHORT_BYTES = 16;
const NOTHING = Buffer.alloc(0);

/**
 * Bytes that come in pieces and are wanted as a whole. What is held in memory is about what was
 * kept, however small the pieces are: small ones are copied together, since each Buffer costs some
 * hundred bytes and keeps the whole block alive that it was cut from.
 */
export class KeptBytes {
  #pieces: Buffer[] = [];
  /** What small pieces are copied to, and how much of it is used. */
  #slab: Buffer | undefined;
  #used = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    // One piece alone is mostly all there is.
    if (this.#length === 0 || standsAlone(piece)) {
      this.#closeSlab();
      this.#pieces.push(piece);
    } else {
      this.#copy(piece);
    }
    this.#length += piece.length;
  }

  /** Lets go of whole pieces at the begin, as long as that many bytes remain. */
  keepLast(bytes: number): void {
    let gone = 0;
    for (const { length } of this.#pieces) {
      if (this.#length - length < bytes) break;
      this.#length -= length;
      gone += 1;
    }
    if (gone > 0) this.#pieces.splice(0, gone);
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
    this.#used = 0;
    this.#length = 0;
  }

  #copy(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0) {
      this.#slab ??= Buffer.allocUnsafe(Math.min(LAST_SLAB_BYTES, Math.max(FIRST_SLAB_BYTES, this.#length)));
      const copied = copy(rest, this.#slab, this.#used);
      this.#used += copied;
      if (this.#used === this.#slab.length) this.#closeSlab();
      if (copied === rest.length) return;
      rest = rest.subarray(copied);
    }
  }

  /** What is used of the slab is kept; the rest of it is for the next small piece. */
  #closeSlab(): void {
    const slab = this.#slab;
    if (slab === undefined || this.#used === 0) return;
    this.#pieces.push(slab.subarray(0, this.#used));
    this.#slab = this.#used === slab.length ? undefined : slab.subarray(this.#used);
    this.#used = 0;
  }
}

/** Copies as much as there is room for; a few bytes by hand, which is quicker than a call out of JavaScript. */
function copy(from: Buffer, to: Buffer, at: number): number {
  const length = Math.min(from.length, to.length - at);
  if (length > SHORT_BYTES) return from.copy(to, at, 0, length);
  for (let i = 0; i < length; i++) to[at + i] = from[i] as number;
  return length;
}

/** Whether keeping the piece costs hardly more than its bytes: it is long, and most of the block that it was cut from. */
function standsAlone(piece: Buffer): boolean {
  return piece.length >= OWN_PIECE_BYTES && piece.length * 2 > piece.buffer.byteLength;
}
