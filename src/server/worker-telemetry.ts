import cluster from 'node:cluster';
import { Failure } from '../domain/failure.js';
import { GroupCommit } from '../telemetry/group-commit.js';
import { openLog } from '../telemetry/log.js';
import { createRecorder } from '../telemetry/recorder.js';
import { LivePrices } from './prices.js';
import type { PrimaryChannel } from './primary-channel.js';
import { processMetrics } from './process-metrics.js';
import { RecordCounts } from './record-counts.js';
import { logHealthOf, reportLogEvent, type Telemetry, type TelemetryOptions } from './telemetry.js';
import { REPORT_MS, type PrimaryReport, type WorkerReport } from './worker-channel.js';

/**
 * Telemetry of a worker of `gateway serve --workers N`: it only appends to segments of its own. The
 * primary holds the folder, exports, keeps the limits and answers /metrics for all processes.
 *
 * @throws Failure where TELEMETRY_DIR cannot be written or is not the primary's
 */
export async function startWorkerTelemetry(options: TelemetryOptions, channel: PrimaryChannel, greeting: PrimaryReport): Promise<Telemetry> {
  const { config, logger } = options;
  const { dir, fsync } = config.telemetry;
  let primary = greeting;
  if (primary.dir !== dir) throw otherFolder(dir, primary.dir);
  const prices = await LivePrices.load(options);
  const log = await openLog({ dir, fsync, onEvent: (event) => { reportLogEvent(logger, event); } });
  const group = new GroupCommit(log);
  const counts = new RecordCounts(options.upstreams.map(({ provider }) => provider.name));
  const ownMetrics = processMetrics(`worker-${String(cluster.worker?.id ?? 0)}`);
  const report = (): WorkerReport => {
    const { linesWritten, bytesWritten, appendFailures, slowWrites } = log.stats();
    return {
      type: 'gateway-worker', writer: log.writer, log: { linesWritten, bytesWritten, appendFailures, slowWrites },
      records: counts.tally(), unpriced: prices.unpriced(), faults: options.faults(),
    };
  };
  channel.listen({
    onReport: (message) => { primary = message; },
    onReportRequest: (asked) => { void ownMetrics.json().then((own) => channel.send({ ...report(), asked, process: own })); },
  });
  const timer = setInterval(() => { void channel.send(report()); }, REPORT_MS).unref();
  void channel.send(report());
  return {
    record: createRecorder({ log: group, price: prices.price, instance: primary.instance, version: options.version, onRecord: (exchange) => { counts.count(exchange); } }),
    instance: primary.instance,
    refusing: () => primary.refusing,
    logHealth: () => logHealthOf(log.stats(), { full: primary.full, lost: primary.lost }),
    elasticsearchHealth: () => primary.elasticsearch,
    metrics: () => channel.metrics(),
    prepare: (fresh) => prices.prepare(fresh),
    reloadFault: () => primary.reloadFault,
    stop: async () => {
      clearInterval(timer);
      group.flush();
      await log.close();
      await channel.send(report());
    },
  };
}

/** A worker that was started later reads `.env` again. */
function otherFolder(dir: string, primaryDir: string): Failure {
  return new Failure({
    code: 'telemetry_dir_changed',
    message: `TELEMETRY_DIR=${dir}: the running gateway uses ${primaryDir}`,
    fix: 'Set it back, or restart the gateway: new workers alone cannot move the log.',
    exitCode: 1,
  });
}
