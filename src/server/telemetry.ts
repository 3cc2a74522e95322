import type { Config } from '../config/config.js';
import type { RecordExchange } from '../domain/exchange.js';
import type { Upstream } from '../gateway/upstream.js';
import { gatewayInstance } from '../telemetry/instance.js';
import { GroupCommit } from '../telemetry/group-commit.js';
import { acquireLock } from '../telemetry/lock.js';
import { openLog, type LogEvent, type LogStats } from '../telemetry/log.js';
import { createRecorder } from '../telemetry/recorder.js';
import { writerIsGone } from '../telemetry/writers.js';
import { startExport } from './export.js';
import type { Logger } from './logger.js';
import { createMetrics, type ReloadCounts } from './metrics.js';
import { LivePrices } from './prices.js';
import type { ElasticsearchHealth, LogHealth } from './readiness.js';
import { RecordCounts } from './record-counts.js';
import { startRetention, type Lost } from './retention-loop.js';

export interface TelemetryOptions {
  readonly config: Config;
  readonly upstreams: readonly Upstream[];
  readonly version: string;
  readonly logger: Logger;
  /** Attempts to reload the configuration. */
  readonly reloads: () => ReloadCounts;
  /** Faults of the gateway's own so far. */
  readonly faults: () => number;
}

/** Log, prices, retention and exporter of one gateway process, behind one `record`. */
export interface Telemetry {
  readonly record: RecordExchange;
  readonly instance: string;
  /** The log is full and the policy is to refuse requests. */
  refusing(): boolean;
  logHealth(): LogHealth;
  elasticsearchHealth(): ElasticsearchHealth;
  /** Reads prices and credentials of the cluster again; resolves with what puts them in force. @throws Failure */
  prepare(config: Config): Promise<() => void>;
  /** What `GET /metrics` answers. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Why the last attempt to reload changed nothing, where another process reloads. */
  reloadFault?(): string | undefined;
  /** Brings everything to disk, lets the exporter finish within the deadline, and lets the folder go. */
  stop(deadlineMs: number): Promise<void>;
}

/** The exporter's share of the shutdown time: what it leaves stays in the log. */
const EXPORT_DEADLINE_MS = 10_000;

/** @throws Failure where TELEMETRY_DIR cannot be written or belongs to another gateway */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { config, logger } = options;
  const { dir, fsync, maxBytes, retentionMs, onFull } = config.telemetry;
  const lock = await acquireLock(dir);
  try {
    const instance = await gatewayInstance(dir);
    const prices = await LivePrices.load(options);
    const log = await openLog({ dir, fsync, onEvent: (event) => { reportLogEvent(logger, event); } });
    const writers = new Map([[process.pid, log.writer]]);
    const counts = new RecordCounts(options.upstreams.map(({ provider }) => provider.name));
    const metrics = createMetrics({
      version: options.version,
      withProcess: true,
      reloads: options.reloads,
      records: () => counts.tally(),
      unpriced: () => prices.unpriced(),
      faults: options.faults,
      log: () => log.stats(),
      retention: () => ({ ...retention.lost(), bytesOnDisk: retention.bytes() }),
      exporter: () => ({ status: exporting.status(), restarts: exporting.restarts() }),
    });
    const exporting = await startExport({ config, writers, logger, dropped: () => retention.lost().records, onStatus: (_, bulkMs) => { metrics.bulks(bulkMs); } });
    const retention = startRetention({
      dir, maxBytes, retentionMs, onFull, logger, writerIsGone: (writer) => writerIsGone(writer, writers),
      exported: () => exporting.settled(), settledBytes: () => exporting.settledBytes(), isIdentified: () => exporting.isIdentified(),
    });
    const group = new GroupCommit(log, () => { exporting.notify(); });
    return {
      record: createRecorder({
        log: group,
        price: prices.price,
        instance,
        version: options.version,
        onRecord: (exchange) => { counts.count(exchange); },
      }),
      instance,
      refusing: () => retention.refusing(),
      logHealth: () => logHealthOf(log.stats(), { full: retention.full(), lost: retention.lost() }),
      elasticsearchHealth: () => exporting.health(),
      metrics: () => metrics.text(),
      prepare: async (fresh) => both(await prices.prepare(fresh), exporting.prepare(fresh.elasticsearch)),
      stop: async (deadlineMs) => {
        retention.stop();
        group.flush();
        await exporting.stop(Math.min(EXPORT_DEADLINE_MS, Math.max(1_000, deadlineMs)));
        await log.close();
        if (prices.unpriced() > 0) logger.warn({ calls: prices.unpriced() }, 'calls that had tokens and no price (gateway prices check lists their models)');
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}

/** A slow write or a loss is news for this long; the counter keeps it for good. */
const LATELY_MS = 5 * 60_000;

export function logHealthOf(stats: LogStats, { full, lost }: { readonly full: boolean; readonly lost: Pick<Lost, 'records' | 'at'> }, now: number = Date.now()): LogHealth {
  const lately = (time: number | undefined): boolean => time !== undefined && now - time < LATELY_MS;
  return {
    writable: stats.degradedSince === undefined,
    lines_written: stats.linesWritten,
    append_failures: stats.appendFailures,
    slow_writes: stats.slowWrites,
    last_slow_write_ms: stats.lastSlowWriteMs === undefined ? null : Math.round(stats.lastSlowWriteMs),
    slow_lately: lately(stats.lastSlowWriteAt),
    full,
    dropped_records: lost.records,
    dropped_lately: lately(lost.at),
  };
}

/** Says what the log has to say. */
export function reportLogEvent(logger: Logger, event: LogEvent): void {
  switch (event.type) {
    case 'degraded': logger.error({ error: event.error }, 'the telemetry log cannot be written: records are being lost'); break;
    case 'recovered': logger.warn({ lost: event.lost }, 'the telemetry log can be written again'); break;
    case 'fsync-failed': logger.error({ error: event.error }, 'the disk did not confirm the telemetry log: a power cut may lose records'); break;
  }
}
