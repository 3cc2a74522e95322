/**
 * A map that forgets everything when it is full, and keeps no long keys: its keys (paths, names of
 * headers and models) come from clients, so that a memo must not grow with what they invent.
 */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #limit: number;
  readonly #maxKeyLength: number;

  constructor(limit: number, maxKeyLength = Infinity) {
    this.#limit = limit;
    this.#maxKeyLength = maxKeyLength;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    if (key.length > this.#maxKeyLength) return;
    if (this.#entries.size >= this.#limit) this.#entries.clear();
    this.#entries.set(key, value);
  }
}
