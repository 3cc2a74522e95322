import { GroupCommit } from '../telemetry/group-commit.js';
import { openLog } from '../telemetry/log.js';
import { createRecorder } from '../telemetry/recorder.js';
import { createMetrics } from './metrics.js';
import { loadPrices } from './prices.js';
import { addTallies, RecordCounts } from './record-counts.js';
import { logHealthOf, reportLogEvent, type Telemetry, type TelemetryOptions } from './telemetry.js';
import { addLogTotals, isPrimaryReport, REPORT_MS, type PrimaryReport, type WorkerReport } from './worker-channel.js';

/**
 * Telemetry of a worker of `gateway serve --workers N`: it only appends to segments of its own. The
 * primary holds the folder, exports and keeps the limits, and tells the worker what it answers on
 * /ready and /metrics.
 *
 * @throws Failure where TELEMETRY_DIR cannot be written
 */
export async function startWorkerTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { config, logger } = options;
  const { dir, fsync } = config.telemetry;
  let primary = await firstReport();
  const prices = await loadPrices(options);
  const log = await openLog({ dir, fsync, onEvent: (event) => { reportLogEvent(logger, event); } });
  const group = new GroupCommit(log);
  const counts = new RecordCounts(options.upstreams.map(({ provider }) => provider.name));
  const metrics = createMetrics({
    version: options.version,
    records: () => addTallies(primary.others.records, counts.tally()),
    unpriced: () => primary.others.unpriced + prices.unpriced(),
    log: () => addLogTotals(primary.others.log, log.stats()),
    retention: () => primary.retention,
    exporter: () => primary.exporter,
  });
  const hear = (message: unknown): void => {
    if (!isPrimaryReport(message)) return;
    primary = message;
    metrics.bulks(message.bulkMs);
  };
  const tell = (): void => {
    const { linesWritten, bytesWritten, appendFailures, slowWrites } = log.stats();
    const report: WorkerReport = { type: 'gateway-worker', writer: log.writer, log: { linesWritten, bytesWritten, appendFailures, slowWrites }, records: counts.tally(), unpriced: prices.unpriced() };
    // A primary that is gone takes its workers with it; there is nobody to tell.
    if (process.connected) process.send?.(report);
  };
  process.on('message', hear);
  const timer = setInterval(tell, REPORT_MS).unref();
  tell();
  return {
    record: createRecorder({ log: group, price: prices.price, instance: primary.instance, version: options.version, onRecord: (exchange) => { counts.count(exchange); } }),
    instance: primary.instance,
    refusing: () => primary.refusing,
    logHealth: () => logHealthOf(log.stats(), { full: primary.full, lost: primary.retention }),
    elasticsearchHealth: () => primary.elasticsearch,
    metrics: () => metrics.text(),
    stop: async () => {
      clearInterval(timer);
      group.flush();
      await log.close();
      tell();
      process.off('message', hear);
    },
  };
}

/** The primary greets each worker with its first report. */
function firstReport(): Promise<PrimaryReport> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      if (!isPrimaryReport(message)) return;
      process.off('message', hear);
      resolve(message);
    };
    process.on('message', hear);
    process.send?.({ type: 'gateway-worker-ready' });
  });
}
