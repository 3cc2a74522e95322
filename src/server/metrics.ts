import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ExportCounters, ExportStatus } from '../exporter/protocol.js';
import type { LogStats } from '../telemetry/log.js';
import { STATUS_CLASSES, type RecordTally } from './record-counts.js';

export interface MetricsSources {
  readonly version: string;
  /** Also those of this process: it is the only one. */
  readonly withProcess?: boolean;
  readonly reloads: () => ReloadCounts;
  readonly records: () => RecordTally;
  /** Calls that had tokens and no price. */
  readonly unpriced: () => number;
  /** Faults of the gateway's own, each of which ended a request or a connection. */
  readonly faults: () => number;
  readonly log: () => Pick<LogStats, 'linesWritten' | 'bytesWritten' | 'appendFailures' | 'slowWrites'>;
  readonly retention: () => { readonly records: number; readonly bytes: number; readonly bytesOnDisk: number };
  readonly exporter: () => { readonly status: ExportStatus | undefined; readonly restarts: number };
}

export interface ReloadCounts {
  readonly ok: number;
  readonly failed: number;
}

export interface Metrics {
  /** Durations of bulk requests, in milliseconds. */
  bulks(durations: readonly number[]): void;
  text(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Of the exporter's counters: name, help. */
const EXPORT_COUNTERS: readonly (readonly [keyof ExportCounters, string, string])[] = [
  ['exported', 'gateway_export_records_total', 'Records that Elasticsearch has written'],
  ['existing', 'gateway_export_existing_records_total', 'Records that were in Elasticsearch already when they were sent again'],
  ['recovered', 'gateway_export_recovered_records_total', 'Records that Elasticsearch had lost with a shard and that were written again'],
  ['retried', 'gateway_export_retried_records_total', 'Records that were sent again'],
  ['deadLetters', 'gateway_export_dead_letters_total', 'Records that Elasticsearch refused for good'],
  ['deadLettersDropped', 'gateway_export_dead_letters_dropped_total', 'Dead letters beyond the limit of their files: counted only'],
  ['expired', 'gateway_export_expired_records_total', 'Records of indices that the lifecycle had deleted already'],
  ['brokenLines', 'gateway_export_broken_lines_total', 'Lines of the log that are not records'],
  ['tornTails', 'gateway_export_torn_tails_total', 'Segments that ended in half a line'],
  ['vanishedSegments', 'gateway_export_vanished_segments_total', 'Segments that were removed before they were exported'],
  ['bulkRequests', 'gateway_export_bulk_requests_total', 'Bulk requests'],
  ['bulkFailures', 'gateway_export_bulk_failures_total', 'Bulk requests that failed as a whole'],
  ['splits', 'gateway_export_splits_total', 'Bulk requests that were too large'],
];

const STATES = ['off', 'starting', 'shipping', 'idle', 'backing-off', 'holding', 'waiting-for-template'] as const;

/** The Prometheus metrics of one gateway. Labels are bounded: providers that are known, classes of status, states. */
export function createMetrics(sources: MetricsSources): Metrics {
  const register = new Registry();
  if (sources.withProcess === true) collectDefaultMetrics({ register });
  recordMetrics(register, sources);
  reloadMetrics(register, sources);
  logMetrics(register, sources);
  exportMetrics(register, sources);
  new Gauge({ name: 'gateway_info', help: 'The gateway\'s version', labelNames: ['version'], registers: [register] }).set({ version: sources.version }, 1);
  const bulkSeconds = new Histogram({
    name: 'gateway_export_bulk_seconds', help: 'Time that bulk requests took', registers: [register],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  });
  return {
    bulks: (durations) => { for (const ms of durations) bulkSeconds.observe(ms / 1_000); },
    text: async () => ({ contentType: register.contentType, text: await register.metrics() }),
  };
}

function recordMetrics(register: Registry, { records, unpriced, faults }: MetricsSources): void {
  counter(register, 'gateway_faults_total', 'Faults of the gateway itself, each of which ended a request or a connection: the log has their stacks', faults);
  counter(register, 'gateway_unpriced_calls_total', 'Calls that had tokens and no price: `gateway prices check` lists their models', unpriced);
  new Counter({
    name: 'gateway_records_total', help: 'Requests that left a record', labelNames: ['provider', 'status'], registers: [register],
    collect() {
      this.reset();
      for (const [provider, byClass] of Object.entries(records())) {
        for (const [i, count] of byClass.entries()) if (count > 0) this.inc({ provider, status: STATUS_CLASSES[i] ?? '' }, count);
      }
    },
  });
}

function reloadMetrics(register: Registry, { reloads }: MetricsSources): void {
  new Counter({
    name: 'gateway_config_reloads_total', help: 'Attempts to reload the configuration', labelNames: ['result'], registers: [register],
    collect() {
      this.reset();
      const { ok, failed } = reloads();
      this.inc({ result: 'ok' }, ok);
      this.inc({ result: 'failed' }, failed);
    },
  });
}

function logMetrics(register: Registry, { log, retention }: MetricsSources): void {
  counter(register, 'gateway_log_lines_total', 'Lines written to the telemetry log', () => log().linesWritten);
  counter(register, 'gateway_log_written_bytes_total', 'Bytes written to the telemetry log', () => log().bytesWritten);
  counter(register, 'gateway_log_append_failures_total', 'Records that the telemetry log could not keep', () => log().appendFailures);
  counter(register, 'gateway_log_slow_writes_total', 'Writes to the telemetry log that took over 50 ms', () => log().slowWrites);
  counter(register, 'gateway_log_dropped_records_total', 'Records that were dropped for TELEMETRY_MAX_BYTES before they were exported', () => retention().records);
  gauge(register, 'gateway_log_bytes', 'Bytes under TELEMETRY_DIR that count towards TELEMETRY_MAX_BYTES', () => retention().bytesOnDisk);
}

function exportMetrics(register: Registry, { exporter }: MetricsSources): void {
  for (const [key, name, help] of EXPORT_COUNTERS) counter(register, name, help, () => exporter().status?.counters[key] ?? 0);
  counter(register, 'gateway_export_thread_restarts_total', 'Times that the exporter\'s thread died', () => exporter().restarts);
  gauge(register, 'gateway_export_backlog_bytes', 'Bytes of the telemetry log that are not exported', () => exporter().status?.backlogBytes ?? undefined);
  gauge(register, 'gateway_export_retry_bytes', 'Bytes that were set aside to be sent again', () => exporter().status?.retryBytes);
  gauge(register, 'gateway_export_held_indices', 'Indices that take no records at the moment', () => exporter().status?.heldIndices.length);
  gauge(register, 'gateway_export_oldest_record_seconds', 'Age of the oldest record that is not exported; 0 where all are', () => {
    const status = exporter().status;
    if (status === undefined) return undefined;
    return status.oldestTime === null ? 0 : Math.max(0, (Date.now() - status.oldestTime) / 1_000);
  });
  gauge(register, 'gateway_export_last_success_timestamp_seconds', 'When Elasticsearch last took records', () => {
    const at = exporter().status?.lastSuccessAt;
    return at === null || at === undefined ? undefined : at / 1_000;
  });
  new Gauge({
    name: 'gateway_export_state', help: 'What the exporter does: 1 for its state, 0 for the others', labelNames: ['state'], registers: [register],
    collect() {
      const current = exporter().status?.state ?? 'off';
      for (const state of STATES) this.set({ state }, state === current ? 1 : 0);
    },
  });
}

function counter(register: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name, help, registers: [register],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

function gauge(register: Registry, name: string, help: string, read: () => number | undefined): void {
  new Gauge({
    name, help, registers: [register],
    collect() {
      const value = read();
      if (value === undefined) this.reset();
      else this.set(value);
    },
  });
}
