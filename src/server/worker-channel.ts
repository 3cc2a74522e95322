import type { ExportStatus } from '../exporter/protocol.js';
import type { LogStats } from '../telemetry/log.js';
import type { ElasticsearchHealth } from './readiness.js';
import type { RecordTally } from './record-counts.js';
import type { Lost } from './retention-loop.js';

/** Numbers of the log that add up over processes. */
export type LogTotals = Pick<LogStats, 'linesWritten' | 'bytesWritten' | 'appendFailures' | 'slowWrites'>;

/** What a worker tells the primary: at its start, and every second. */
export interface WorkerReport {
  readonly type: 'gateway-worker';
  readonly writer: string;
  readonly log: LogTotals;
  readonly records: RecordTally;
  readonly unpriced: number;
}

/** What the primary tells every worker each second: what only it knows, and the sums over the other workers. */
export interface PrimaryReport {
  readonly type: 'gateway-primary';
  readonly instance: string;
  readonly refusing: boolean;
  readonly full: boolean;
  readonly elasticsearch: ElasticsearchHealth;
  readonly exporter: { readonly status: ExportStatus | undefined; readonly restarts: number };
  readonly retention: Lost & { readonly bytesOnDisk: number };
  /** Durations of bulk requests since the report before, in milliseconds. */
  readonly bulkMs: readonly number[];
  readonly others: { readonly log: LogTotals; readonly records: RecordTally; readonly unpriced: number };
}

export const NO_LOG: LogTotals = { linesWritten: 0, bytesWritten: 0, appendFailures: 0, slowWrites: 0 };
export const REPORT_MS = 1_000;

export function addLogTotals(a: LogTotals, b: LogTotals): LogTotals {
  return {
    linesWritten: a.linesWritten + b.linesWritten, bytesWritten: a.bytesWritten + b.bytesWritten,
    appendFailures: a.appendFailures + b.appendFailures, slowWrites: a.slowWrites + b.slowWrites,
  };
}

export function isWorkerReport(message: unknown): message is WorkerReport {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'gateway-worker';
}

export function isPrimaryReport(message: unknown): message is PrimaryReport {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'gateway-primary';
}
