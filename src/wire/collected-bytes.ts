/** Longer chunks are kept as they are; shorter ones are copied together. */
const LONG_BYTES = 4 * 1024;
const FIRST_PIECE_BYTES = 4 * 1024;
const MAX_PIECE_BYTES = 1024 * 1024;

/**
 * Bytes that come in chunks and are read as one when the last has come. A kept chunk costs some
 * hundred bytes however short it is, so short ones are copied into pieces that grow: what is held
 * is never a large multiple of what came.
 */
export class CollectedBytes {
  #kept: Buffer[] = [];
  /** What short chunks are copied to, and how much of it is used. */
  #piece: Buffer | undefined;
  #used = 0;
  #pieceBytes = FIRST_PIECE_BYTES;
  #length = 0;

  /** Bytes that are kept. */
  get length(): number {
    return this.#length;
  }

  /** How many buffers hold them. */
  get pieces(): number {
    return this.#kept.length + (this.#used === 0 ? 0 : 1);
  }

  push(chunk: Buffer): void {
    this.#length += chunk.length;
    // The first one may be all that comes: it is not worth a copy.
    if (chunk.length >= LONG_BYTES || this.#length === chunk.length) {
      this.#closePiece();
      this.#kept.push(chunk);
      return;
    }
    let rest = chunk;
    while (rest.length > 0) {
      this.#piece ??= this.#newPiece();
      const copied = rest.copy(this.#piece, this.#used);
      this.#used += copied;
      rest = rest.subarray(copied);
      if (this.#used === this.#piece.length) this.#closePiece();
    }
  }

  /** Lets go of whole chunks at the begin, as long as that many bytes remain. */
  keepLast(bytes: number): void {
    let gone = 0;
    for (const { length } of this.#kept) {
      if (this.#length - length < bytes) break;
      this.#length -= length;
      gone += 1;
    }
    if (gone > 0) this.#kept.splice(0, gone);
  }

  /** All bytes, in one piece; nothing is kept afterwards. */
  take(): Buffer {
    this.#closePiece();
    const kept = this.#kept;
    const length = this.#length;
    this.#kept = [];
    this.#length = 0;
    return kept.length === 1 ? kept[0] as Buffer : Buffer.concat(kept, length);
  }

  #newPiece(): Buffer {
    const piece = Buffer.allocUnsafeSlow(this.#pieceBytes);
    this.#pieceBytes = Math.min(MAX_PIECE_BYTES, this.#pieceBytes * 2);
    return piece;
  }

  /** What is used of the piece is kept; the rest of it is for the next short chunk. */
  #closePiece(): void {
    const piece = this.#piece;
    if (piece === undefined || this.#used === 0) return;
    this.#kept.push(piece.subarray(0, this.#used));
    this.#piece = this.#used === piece.length ? undefined : piece.subarray(this.#used);
    this.#used = 0;
  }
}
