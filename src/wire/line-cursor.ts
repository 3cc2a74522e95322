const LF = 0x0a;
const CR = 0x0d;

/**
 * Finds the ends of lines (LF, CRLF or CR) in one buffer with native searches only. A CR that is
 * the buffer's last byte ends its line at once; the LF that may follow is the caller's to skip in
 * the next buffer (`endsInCr`).
 */
export class LineCursor {
  /** After `find`: where the line's content ends. */
  end = 0;
  /** After `find`: where the next line begins. */
  next = 0;
  readonly #bytes: Buffer;
  #lf: number;
  #cr: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#lf = bytes.indexOf(LF);
    this.#cr = bytes.indexOf(CR);
  }

  /** The end of the line that begins at `from`; false when it is not in this buffer. */
  find(from: number): boolean {
    if (this.#lf !== -1 && this.#lf < from) this.#lf = this.#bytes.indexOf(LF, from);
    if (this.#cr !== -1 && this.#cr < from) this.#cr = this.#bytes.indexOf(CR, from);
    if (this.#cr !== -1 && (this.#lf === -1 || this.#cr < this.#lf)) {
      this.end = this.#cr;
      this.next = this.#lf === this.#cr + 1 ? this.#cr + 2 : this.#cr + 1;
      return true;
    }
    if (this.#lf === -1) return false;
    this.end = this.#lf;
    this.next = this.#lf + 1;
    return true;
  }

  get endsInCr(): boolean {
    return this.#bytes[this.#bytes.length - 1] === CR;
  }
}

/** Whether a buffer begins with the LF of a CRLF that was cut in two. */
export function beginsWithLf(bytes: Buffer): boolean {
  return bytes[0] === LF;
}
