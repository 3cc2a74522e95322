const LF = 0x0a;
const CR = 0x0d;

/** Lines of events are short: a native search costs about as much as looking at this many bytes by hand. */
const NEAR_BYTES = 512;

/**
 * Finds the ends of lines (LF, CRLF or CR) in one buffer. A CR that is the buffer's last byte ends
 * its line at once; the LF that may follow is the caller's to skip in the next buffer (`endsInCr`).
 */
export class LineCursor {
  /** After `find`: where the line's content ends. */
  end = 0;
  /** After `find`: where the next line begins. */
  next = 0;
  readonly #bytes: Buffer;
  /** The first CR or LF at or after the place that was searched natively last; -1 before, the length where there is none. */
  #cr = -1;
  #lf = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The end of the line that begins at `from`; false when it is not in this buffer. */
  find(from: number): boolean {
    const bytes = this.#bytes;
    const near = Math.min(bytes.length, from + NEAR_BYTES);
    let pos = from;
    while (pos < near && bytes[pos] !== LF && bytes[pos] !== CR) pos++;
    if (pos === near) pos = this.#far(near);
    if (pos === bytes.length) return false;
    this.end = pos;
    this.next = bytes[pos] === CR && bytes[pos + 1] === LF ? pos + 2 : pos + 1;
    return true;
  }

  /** The first CR or LF at or after `from`, natively; each is searched for again only where it lies behind. */
  #far(from: number): number {
    if (this.#lf < from) this.#lf = orLength(this.#bytes.indexOf(LF, from), this.#bytes);
    if (this.#cr < from) this.#cr = orLength(this.#bytes.indexOf(CR, from), this.#bytes);
    return Math.min(this.#lf, this.#cr);
  }

  get endsInCr(): boolean {
    return this.#bytes[this.#bytes.length - 1] === CR;
  }
}

/** Whether a buffer begins with the LF of a CRLF that was cut in two. */
export function beginsWithLf(bytes: Buffer): boolean {
  return bytes[0] === LF;
}

function orLength(at: number, bytes: Buffer): number {
  return at === -1 ? bytes.length : at;
}
