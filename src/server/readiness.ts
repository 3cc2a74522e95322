/** What `GET /ready` answers. `degraded` still takes requests; `unavailable` is answered with 503. */
export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unavailable';
  /** Why it is not simply ready, in sentences. */
  readonly reasons: readonly string[];
  readonly log: LogHealth;
  readonly elasticsearch: ElasticsearchHealth;
}

export interface LogHealth {
  readonly writable: boolean;
  readonly lines_written: number;
  readonly append_failures: number;
  readonly slow_writes: number;
  readonly last_slow_write_ms: number | null;
  /** A write of the last five minutes was slow. */
  readonly slow_lately: boolean;
  readonly full: boolean;
  /** Records that went for TELEMETRY_MAX_BYTES before they were exported, since the start. */
  readonly dropped_records: number;
  /** Some of them went within the last five minutes. */
  readonly dropped_lately: boolean;
}

export interface ElasticsearchHealth {
  readonly enabled: boolean;
  /** The exporter's state: shipping, idle, backing-off, holding, waiting-for-template, …; `off` when not enabled. */
  readonly state: string;
  readonly reason: string | null;
  readonly fix: string | null;
  readonly backlog_bytes: number | null;
  readonly oldest_unexported_seconds: number | null;
}

/** Where nothing is exported. */
export const NO_EXPORT: ElasticsearchHealth = {
  enabled: false, state: 'off', reason: null, fix: null, backlog_bytes: null, oldest_unexported_seconds: null,
};

export interface ReadinessInput {
  readonly stopping: boolean;
  readonly refusing: boolean;
  readonly log: LogHealth;
  readonly elasticsearch: ElasticsearchHealth;
  /** Why the last attempt to reload the configuration changed nothing. */
  readonly reloadFault?: string | undefined;
}

const WAITING = new Set(['backing-off', 'holding', 'waiting-for-template']);

/** Judges the parts; pure. */
export function judgeReadiness(input: ReadinessInput): Readiness {
  const { log, elasticsearch } = input;
  const reasons: string[] = [];
  if (input.stopping) reasons.push('The gateway is stopping.');
  if (input.refusing) reasons.push('The telemetry log is full and TELEMETRY_ON_FULL is refuse-requests.');
  if (!log.writable) reasons.push('The telemetry log cannot be written: records are being lost.');
  if (log.full && !input.refusing) reasons.push('The telemetry log is full: the oldest records that are not exported yet are being dropped.');
  if (log.dropped_lately) reasons.push(`The telemetry log reached TELEMETRY_MAX_BYTES within the last five minutes: ${String(log.dropped_records)} records were dropped before they were exported since the start.`);
  if (log.slow_lately) reasons.push(`A write to the telemetry log took ${String(log.last_slow_write_ms)} ms within the last five minutes (${log.slow_writes} over 50 ms since the start): put TELEMETRY_DIR on a local disk.`);
  if (WAITING.has(elasticsearch.state)) {
    reasons.push(`Export to Elasticsearch waits: ${elasticsearch.reason ?? elasticsearch.state}`);
  }
  if (input.reloadFault !== undefined) reasons.push(`The configuration was not reloaded: ${input.reloadFault}`);
  const status = input.stopping || input.refusing ? 'unavailable' : reasons.length > 0 ? 'degraded' : 'ready';
  return { status, reasons, log, elasticsearch };
}
