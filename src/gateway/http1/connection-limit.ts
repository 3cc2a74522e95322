/** How many connections there may be to all providers together. */
export class ConnectionLimit {
  readonly max: number;
  readonly #closeIdle: () => boolean;
  #open = 0;

  /** @param closeIdle closes one connection that carries nothing, if there is one */
  constructor(max: number, closeIdle: () => boolean) {
    this.max = max;
    this.#closeIdle = closeIdle;
  }

  /** Takes room for one more connection; false where all that are open carry a call. */
  take(): boolean {
    // The closed one counts until its socket is gone, which is in this turn of the event loop or the next.
    if (this.#open >= this.max && !this.#closeIdle()) return false;
    this.#open += 1;
    return true;
  }

  give(): void {
    this.#open -= 1;
  }
}
