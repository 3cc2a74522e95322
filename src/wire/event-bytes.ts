import { KeptBytes } from './kept-bytes.js';
import { LongStrings } from './long-strings.js';

/** Up to this size an event is kept as it is. */
const AS_IT_IS_BYTES = 1024 * 1024;

/**
 * The bytes of one event or document while it comes. Above 1 MiB its long strings (images, sounds,
 * texts) are left out, so that what it says of usage can be read whatever its size; one of which
 * too much is left even then is given up.
 */
export class EventBytes {
  readonly #limit: number;
  readonly #kept = new KeptBytes();
  #shortener: LongStrings | undefined;
  #givenUp = false;

  /** @param limit bytes that are kept at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(piece: Buffer): void {
    if (this.#givenUp) return;
    if (this.#shortener !== undefined) {
      this.#shortener.push(piece);
    } else {
      this.#kept.push(piece);
      if (this.#kept.length > AS_IT_IS_BYTES) this.#shorten();
    }
  }

  /** The whole event, perhaps without its long strings; undefined where it was given up. Then nothing is kept. */
  take(): Buffer | undefined {
    const whole = this.#givenUp ? undefined : this.#kept.take();
    this.clear();
    return whole;
  }

  clear(): void {
    this.#kept.clear();
    this.#shortener = undefined;
    this.#givenUp = false;
  }

  #shorten(): void {
    const begin = this.#kept.take();
    this.#shortener = new LongStrings((piece) => {
      if (this.#givenUp) return;
      this.#kept.push(piece);
      if (this.#kept.length > this.#limit) this.#giveUp();
    });
    this.#shortener.push(begin);
  }

  #giveUp(): void {
    this.#givenUp = true;
    this.#kept.clear();
  }
}
