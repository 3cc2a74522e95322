import type { Percentiles } from './percentiles.js';

/** What is sent, as often as the job says. */
export interface Shot {
  readonly port: number;
  readonly path: string;
  /** Flat name–value list, without host and content-length. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** As many requests as the target takes: each connection sends its next one when it has the answer. */
export interface ClosedJob extends Shot {
  readonly kind: 'closed';
  readonly connections: number;
  readonly seconds: number;
  /** Ends earlier, after so many answers. */
  readonly requests?: number;
  /** Every so-manieth answer is abandoned: the connection is cut after its first bytes. */
  readonly abandonEvery?: number;
}

/** Requests at random moments of a fixed rate, whether or not earlier ones were answered. */
export interface OpenJob extends Shot {
  readonly kind: 'open';
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
}

export type LoadJob = ClosedJob | OpenJob;

/** Times are microseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Answers with another status than 200. */
  readonly refused: number;
  /** Connections that ended or failed in the middle of an answer. */
  readonly broken: number;
  readonly abandoned: number;
  /** Open job: requests that could not be begun because too many were unanswered. */
  readonly shed: number;
  readonly latency: Percentiles | undefined;
  /** From the request to the first bytes of the answer. */
  readonly firstByte: Percentiles | undefined;
  /** Between the reads of one answer. */
  readonly gap: Percentiles | undefined;
}

/** What the worker is told and what it tells, over the IPC channel. */
export interface LoadOrder {
  readonly id: number;
  readonly job: LoadJob;
}
export interface LoadReport {
  readonly id: number;
  readonly result?: LoadResult;
  readonly error?: string;
}
