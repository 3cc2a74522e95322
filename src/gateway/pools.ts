import { OriginPool, type OriginPoolOptions } from './http1/origin-pool.js';

/** Origins are few, but those with a region are made from what clients send. */
const MAX_POOLS = 64;

/**
 * One connection pool per upstream origin. HTTP/1.1 only: an HTTP/2 client may replay a POST whose
 * stream was refused, and a second paid call is worse than an error.
 */
export class Pools {
  readonly #pools = new Map<string, OriginPool>();
  readonly #options: OriginPoolOptions;

  constructor(options: OriginPoolOptions) {
    this.#options = options;
  }

  get(origin: string): OriginPool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = new OriginPool(origin, this.#options);
      this.#makeRoom();
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  get size(): number {
    return this.#pools.size;
  }

  /** Lets the oldest pool go where there are too many; its running requests finish. */
  #makeRoom(): void {
    if (this.#pools.size < MAX_POOLS) return;
    const [oldest] = this.#pools;
    if (oldest === undefined) return;
    this.#pools.delete(oldest[0]);
    oldest[1].retire();
  }

  /** Closes all connections at once; what still runs fails. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }
}
