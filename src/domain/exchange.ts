import type { ErrorType } from './error-types.js';
import type { Usage } from './usage.js';

/** Who ended an exchange; only `complete` is a success. */
export type EndReason = 'complete' | 'client' | 'provider' | 'gateway';

/**
 * What the gateway saw of one proxied request: the input from which its record is made. Sizes are
 * body bytes, `…Ms` milliseconds of the monotonic clock (fractions allowed), `…Us` microseconds.
 * What is unknown is absent.
 */
export interface Exchange {
  /** ULID made when the request was received. */
  requestId: string;
  /** Wall clock at the request's first byte, milliseconds since the epoch. */
  receivedAt: number;
  /** Canonical provider name, or `unknown` where the client named one that does not exist. */
  provider: string;
  method: string;
  /** Path as the client sent it, without the query string. */
  path: string;
  model?: string | undefined;
  responseModel?: string | undefined;
  stream?: boolean | undefined;
  requestSize: number;
  responseSize: number;
  statusCode: number;
  providerStatusCode?: number | undefined;
  totalMs: number;
  /** Dispatch to last upstream byte or failure, summed over attempts; absent when nothing was dispatched. */
  providerMs?: number | undefined;
  timeToFirstTokenMs?: number | undefined;
  overheadUs: number;
  usage?: Usage | undefined;
  /** The provider's region, where the address says one: some bill it otherwise. Not part of the record. */
  region?: string | undefined;
  finishReason?: string | undefined;
  endReason: EndReason;
  attempts: number;
  /** The gateway's own error, if any. */
  errorType?: ErrorType | undefined;
  /** All errors: failed provider attempts and the gateway's own. */
  errorCount: number;
  providerErrorCount: number;
  providerErrorType?: string | undefined;
  client?: string | undefined;
  projectId?: string | undefined;
  organizationId?: string | undefined;
  userId?: string | undefined;
  experimentId?: string | undefined;
}

/**
 * Keeps the record of an exchange. Returns nothing once the line is written, or a promise that the
 * answer's last byte must await: the append of this turn, with TELEMETRY_FSYNC=always the disk. Never
 * throws, never rejects: a failed append is counted where it happened and must not break the call.
 */
export type RecordExchange = (exchange: Exchange) => void | Promise<void>;
