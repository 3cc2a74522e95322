import type { ElasticsearchConfig } from '../config/config.js';
import type { Target } from '../telemetry/cursor.js';
import type { Timing } from './timing.js';

/** A part of a file that a batch holds. */
export interface Range {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly lines: number;
}

/** A part of a file whose lines may have killed the thread: sent alone, at most `maxLines` at once; 0 sets its one line aside. */
export interface Caution extends Range {
  readonly maxLines: number;
}

/** What the thread is started with. */
export interface ExporterInput {
  readonly dir: string;
  readonly maxTelemetryBytes: number;
  readonly elasticsearch: ElasticsearchConfig;
  readonly timing: Timing;
  readonly cautions: readonly Caution[];
  /** Writers of live processes, by process id: nobody else of those processes writes. */
  readonly writers: ReadonlyMap<number, string>;
  /** One cell that changes when lines were written. */
  readonly written: Int32Array;
}

export type ExportState = 'starting' | 'shipping' | 'idle' | 'backing-off' | 'holding' | 'waiting-for-template';

/** Numbers that only grow, since the thread's start. */
export interface ExportCounters {
  /** Records that a request created. */
  exported: number;
  /** Records that were there already. */
  existing: number;
  /** Records that were there, were lost with their primary shard, and were written again. */
  recovered: number;
  /** Records that were sent again. */
  retried: number;
  deadLetters: number;
  /** Dead letters beyond the limit: counted only. */
  deadLettersDropped: number;
  /** Records of indices that the lifecycle has deleted already. */
  expired: number;
  /** Lines that are no records, and half lines at the end of a segment. */
  brokenLines: number;
  tornTails: number;
  /** Segments that retention removed before they were settled. */
  vanishedSegments: number;
  bulkRequests: number;
  bulkFailures: number;
  splits: number;
}

export interface ExportStatus {
  readonly state: ExportState;
  readonly reason: string | null;
  readonly fix: string | null;
  readonly target: Target | undefined;
  readonly backlogBytes: number | null;
  readonly retryBytes: number;
  /** When the oldest record that is not exported was received, milliseconds since the epoch. */
  readonly oldestTime: number | null;
  readonly heldIndices: readonly { readonly index: string; readonly reason: string }[];
  readonly lastError: string | null;
  readonly lastErrorAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly counters: Readonly<ExportCounters>;
}

export type FromThread =
  | { readonly type: 'status'; readonly status: ExportStatus; readonly bulkMs: readonly number[] }
  | { readonly type: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly fields: Readonly<Record<string, unknown>>; readonly message: string }
  | { readonly type: 'sending'; readonly batch: number; readonly ranges: readonly Range[] }
  | { readonly type: 'sent'; readonly batch: number };

export type ToThread =
  | { readonly type: 'stop'; readonly deadlineMs: number }
  | { readonly type: 'writers'; readonly writers: ReadonlyMap<number, string> };

export function noCounters(): ExportCounters {
  return {
    exported: 0, existing: 0, recovered: 0, retried: 0, deadLetters: 0, deadLettersDropped: 0, expired: 0, brokenLines: 0, tornTails: 0,
    vanishedSegments: 0, bulkRequests: 0, bulkFailures: 0, splits: 0,
  };
}

export function addCounters(a: Readonly<ExportCounters>, b: Readonly<ExportCounters>): ExportCounters {
  const sum = noCounters();
  for (const name of Object.keys(sum) as (keyof ExportCounters)[]) sum[name] = a[name] + b[name];
  return sum;
}
