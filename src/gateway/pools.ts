import { Pool } from 'undici';

/** Origins are few, but those with a region are made from what clients send. */
const MAX_POOLS = 64;

export interface PoolOptions {
  /** Milliseconds; 0 = no limit. */
  readonly connectTimeoutMs: number;
}

/**
 * One connection pool per upstream origin. HTTP/1.1 only: an HTTP/2 client may replay a POST whose
 * stream was refused, and a second paid call is worse than an error. All of undici's own timers for
 * answers are off; the gateway has its own (sweeper.ts).
 */
export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #options: PoolOptions;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connections: null,
        pipelining: 1,
        allowH2: false,
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: 64 * 1024,
        // Servers drop idle sockets after five seconds (Node, uvicorn) or later; where one announces
        // its own time, undici follows that, less a margin.
        keepAliveTimeout: 4_000,
        connect: { timeout: this.#options.connectTimeoutMs },
      });
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
    void oldest[1].close();
  }

  /** Closes all connections at once; what still runs fails. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}
