import type { LogStats } from '../telemetry/log.js';
import type { LiveSettings } from './live-settings.js';
import type { ElasticsearchHealth } from './readiness.js';
import type { RecordTally } from './record-counts.js';
import type { Lost } from './retention-loop.js';

/**
 * Environment of a worker of ours: the port that all listen on, and which one prints the first screen. A process that
 * another cluster manager (PM2) has started has neither.
 */
export const WORKER_PORT = 'GATEWAY_WORKER_PORT';
export const FIRST_WORKER = 'GATEWAY_FIRST_WORKER';

export const REPORT_MS = 1_000;

/** Numbers of the log that add up over processes. */
export type LogTotals = Pick<LogStats, 'linesWritten' | 'bytesWritten' | 'appendFailures' | 'slowWrites'>;

/** Metrics of a process as prom-client writes them in JSON. */
export type ProcessMetrics = readonly object[];

/** A worker's first word: it waits for the primary's report. */
export interface WorkerReady { readonly type: 'gateway-ready' }

/** What a worker tells the primary: at its start, every second, at its end, and where it is asked. */
export interface WorkerReport {
  readonly type: 'gateway-worker';
  readonly writer: string;
  readonly log: LogTotals;
  readonly records: RecordTally;
  readonly unpriced: number;
  readonly faults: number;
  /** Where it answers a `ReportRequest`. */
  readonly asked?: number;
  readonly process?: ProcessMetrics;
}

/** A worker asks for the text of /metrics, which counts for all processes. */
export interface MetricsRequest { readonly type: 'gateway-metrics-request'; readonly id: number }

/** What may change while the gateway runs, as the primary has read it: to every new worker first, and to all when it changes. */
export interface SettingsMessage {
  readonly type: 'gateway-settings';
  readonly settings: LiveSettings;
  /** PRICES_FILE is to be read again. */
  readonly prices: boolean;
}

/** What the primary tells every worker each second: what only it knows. */
export interface PrimaryReport {
  readonly type: 'gateway-primary';
  readonly instance: string;
  /** TELEMETRY_DIR of the primary. */
  readonly dir: string;
  readonly refusing: boolean;
  readonly full: boolean;
  readonly lost: Lost;
  readonly elasticsearch: ElasticsearchHealth;
  /** Why the last attempt to reload changed nothing. */
  readonly reloadFault: string | undefined;
}

/** The primary asks for a report now. */
export interface ReportRequest { readonly type: 'gateway-report-request'; readonly id: number }

export interface MetricsAnswer { readonly type: 'gateway-metrics'; readonly id: number; readonly contentType: string; readonly text: string }

/** Another worker has taken this one's place: it accepts nothing more, finishes what runs, and ends. */
export interface Retire { readonly type: 'gateway-retire' }

export type FromWorker = WorkerReady | WorkerReport | MetricsRequest;
export type FromPrimary = SettingsMessage | PrimaryReport | ReportRequest | MetricsAnswer | Retire;

export const NO_LOG: LogTotals = { linesWritten: 0, bytesWritten: 0, appendFailures: 0, slowWrites: 0 };

export function addLogTotals(a: LogTotals, b: LogTotals): LogTotals {
  return {
    linesWritten: a.linesWritten + b.linesWritten, bytesWritten: a.bytesWritten + b.bytesWritten,
    appendFailures: a.appendFailures + b.appendFailures, slowWrites: a.slowWrites + b.slowWrites,
  };
}

/** A message of a worker of ours; undefined for anything else: other software may use the channel, too. */
export function fromWorker(message: unknown): FromWorker | undefined {
  return isOurs(message) ? message as FromWorker : undefined;
}

/** A message of our primary; undefined for anything else. */
export function fromPrimary(message: unknown): FromPrimary | undefined {
  return isOurs(message) ? message as FromPrimary : undefined;
}

function isOurs(message: unknown): boolean {
  const type: unknown = typeof message === 'object' && message !== null ? (message as { type?: unknown }).type : undefined;
  return typeof type === 'string' && type.startsWith('gateway-');
}
