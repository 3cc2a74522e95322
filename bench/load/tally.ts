import type { Connection } from './connection.js';
import type { LoadResult } from './jobs.js';
import { percentiles } from './percentiles.js';

const MICROS = 1000;

/** What a job has seen so far. */
export class Tally {
  requests = 0;
  refused = 0;
  broken = 0;
  abandoned = 0;
  shed = 0;
  readonly #startedAt = performance.now();
  readonly #latencies: number[] = [];
  readonly #firstBytes: number[] = [];
  readonly #gaps: number[] = [];

  /** Counts an answer that is complete. */
  answered({ reader, sentAt, firstByteAt, gaps }: Connection): void {
    this.requests += 1;
    if (reader.status !== 200) this.refused += 1;
    this.#latencies.push((performance.now() - sentAt) * MICROS);
    this.#firstBytes.push((firstByteAt - sentAt) * MICROS);
    for (const gap of gaps) this.#gaps.push(gap * MICROS);
    gaps.length = 0;
  }

  result(): LoadResult {
    return {
      requests: this.requests,
      seconds: (performance.now() - this.#startedAt) / 1000,
      refused: this.refused,
      broken: this.broken,
      abandoned: this.abandoned,
      shed: this.shed,
      latency: percentiles(this.#latencies),
      firstByte: percentiles(this.#firstBytes),
      gap: percentiles(this.#gaps),
    };
  }
}
