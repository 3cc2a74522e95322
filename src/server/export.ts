import type { Config } from '../config/config.js';
import type { TelemetryLog } from '../telemetry/log.js';
import type { Segment } from '../telemetry/segments.js';
import type { Logger } from './logger.js';
import type { ElasticsearchHealth } from './readiness.js';

/** The export of one gateway, as the rest of the server sees it. */
export interface Export {
  /** Makes the question "is all of this segment settled?" for one run of the retention. */
  settled(): Promise<(segment: Segment) => boolean>;
  /** A line was appended; costs the hot path next to nothing. */
  notify(): void;
  health(): ElasticsearchHealth;
  /** Lets the exporter send what it can within the deadline; what is left stays in the log. */
  stop(deadlineMs: number): Promise<void>;
}

export interface ExportOptions {
  readonly config: Config;
  readonly log: TelemetryLog;
  readonly logger: Logger;
}

/** Starts the exporter where ENABLE_ELASTICSEARCH says so; else everything counts as settled. */
export async function startExport(options: ExportOptions): Promise<Export> {
  const { enabled } = options.config.elasticsearch;
  return {
    settled: async () => () => !enabled,
    notify: () => undefined,
    health: () => ({
      enabled, state: enabled ? 'waiting-for-template' : 'off', reason: null, fix: null, backlog_bytes: null, oldest_unexported_seconds: null,
    }),
    stop: async () => undefined,
  };
}
