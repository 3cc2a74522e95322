import { Pool } from 'undici';

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
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  /** Closes idle connections and waits for running requests. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}
