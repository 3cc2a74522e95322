const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Finds where a JSON string that arrives in pieces ends. */
export class StringEnd {
  /** The last piece ended behind a backslash that escapes what comes next. */
  #escaped = false;

  /** Offset of the quote that closes the string which is open at `from`; -1 where it is not in this chunk. */
  find(chunk: Buffer, from: number): number {
    const clean = this.#escaped ? from + 1 : from;
    this.#escaped = false;
    for (let pos = clean; ;) {
      const quote = chunk.indexOf(QUOTE, pos);
      const end = quote === -1 ? chunk.length : quote;
      let slashes = 0;
      while (end - slashes > clean && chunk[end - slashes - 1] === BACKSLASH) slashes++;
      const escaped = slashes % 2 === 1;
      if (quote === -1) {
        this.#escaped = escaped;
        return -1;
      }
      if (!escaped) return quote;
      pos = quote + 1;
    }
  }
}
