import { ConnectionLimit } from './http1/connection-limit.js';
import { OriginPool, type OriginPoolOptions } from './http1/origin-pool.js';

/** Configured origins are few; those with a region are made from what clients send. */
const MAX_OTHER_POOLS = 64;

export interface PoolsOptions extends Pick<OriginPoolOptions, 'connectTimeoutMs'> {
  /** Origins that the configuration names: their pools stay. */
  readonly configured: readonly string[];
  /** Connections to all providers together. */
  readonly maxConnections: number;
}

/**
 * One connection pool per upstream origin. HTTP/1.1 only: an HTTP/2 client may replay a POST whose
 * stream was refused, and a second paid call is worse than an error.
 */
export class Pools {
  readonly #configured: ReadonlySet<string>;
  readonly #pools = new Map<string, OriginPool>();
  readonly #options: OriginPoolOptions;
  /** Counts calls, to know which pool was used last. */
  #clock = 0;
  #others = 0;

  constructor({ connectTimeoutMs, configured, maxConnections }: PoolsOptions) {
    this.#configured = new Set(configured);
    const limit = new ConnectionLimit(maxConnections, () => this.#closeIdle());
    this.#options = { connectTimeoutMs, limit };
  }

  get(origin: string): OriginPool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = new OriginPool(origin, this.#options);
      if (!this.#configured.has(origin)) this.#makeRoom();
      this.#pools.set(origin, pool);
    }
    pool.usedAt = ++this.#clock;
    return pool;
  }

  get size(): number {
    return this.#pools.size;
  }

  /** Room for one more pool of an origin that clients chose: the one that was used longest ago goes; its running requests finish. */
  #makeRoom(): void {
    if (this.#others < MAX_OTHER_POOLS) {
      this.#others += 1;
      return;
    }
    let oldest: [string, OriginPool] | undefined;
    for (const entry of this.#pools) {
      if (!this.#configured.has(entry[0]) && (oldest === undefined || entry[1].usedAt < oldest[1].usedAt)) oldest = entry;
    }
    if (oldest === undefined) return;
    this.#pools.delete(oldest[0]);
    oldest[1].retire();
  }

  /** Closes one idle connection of any pool; false where all are in use. */
  #closeIdle(): boolean {
    for (const pool of this.#pools.values()) if (pool.closeIdle()) return true;
    return false;
  }

  /** Closes all connections at once; what still runs fails. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }
}
