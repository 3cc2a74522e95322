import { KeptBytes } from './kept-bytes.js';
import { StringEnd } from './string-end.js';

const QUOTE = 0x22;
/** Longer strings are texts, images and sounds, which nobody here reads. */
const LONG_STRING_BYTES = 1024;
const ELLIPSIS = Buffer.from('…');

/**
 * Passes the bytes of a JSON document on as they come, with an ellipsis for each long string: what
 * is left of a document with images has about the size of its structure. A string that was there is
 * never empty afterwards.
 */
export class LongStrings {
  readonly #pass: (piece: Buffer) => void;
  /** The begin of a string whose end has not come; empty once it is long. */
  readonly #string = new KeptBytes();
  #inString = false;
  readonly #stringEnd = new StringEnd();
  #long = false;

  constructor(pass: (piece: Buffer) => void) {
    this.#pass = pass;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let from = 0; // what has not been passed on
    let at = 0;
    if (this.#inString) {
      const end = this.#stringEnd.find(chunk, 0);
      this.#keep(chunk.subarray(0, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.#inString = false;
      this.#pass(this.#long ? ELLIPSIS : this.#string.take());
      from = end;
      at = end + 1;
    }
    for (let open = chunk.indexOf(QUOTE, at); open !== -1; open = chunk.indexOf(QUOTE, at)) {
      at = open + 1;
      const end = this.#stringEnd.find(chunk, at);
      if (end === -1) {
        this.#pass(chunk.subarray(from, at));
        this.#inString = true;
        this.#long = false;
        this.#keep(chunk.subarray(at));
        return;
      }
      if (end - at > LONG_STRING_BYTES) {
        this.#pass(chunk.subarray(from, at));
        this.#pass(ELLIPSIS);
        from = end;
      }
      at = end + 1;
    }
    if (from < chunk.length) this.#pass(chunk.subarray(from));
  }

  #keep(piece: Buffer): void {
    if (this.#long) return;
    this.#long = this.#string.length + piece.length > LONG_STRING_BYTES;
    if (this.#long) this.#string.clear();
    else this.#string.push(piece);
  }
}
