import type { Worker } from 'node:cluster';
import { createServer, type AddressInfo } from 'node:net';
import type { Config } from '../config/config.js';
import { checkIndexName } from '../elastic/index-name.js';
import { upstreamsFrom } from '../gateway/create.js';
import { gatewayInstance } from '../telemetry/instance.js';
import { acquireLock } from '../telemetry/lock.js';
import { writerIsGone } from '../telemetry/writers.js';
import { startExport } from './export.js';
import { checkPort } from './listen.js';
import { readLiveSettings, type LiveSettings } from './live-settings.js';
import { createLogger, type Logger } from './logger.js';
import { createMetrics, type Metrics } from './metrics.js';
import { openPricer } from './prices.js';
import { processMetrics, textOf } from './process-metrics.js';
import { Reloader } from './reloader.js';
import { startRetention } from './retention-loop.js';
import { onSignals } from './signals.js';
import { fromWorker, REPORT_MS, type FromPrimary, type PrimaryReport, type WorkerReport } from './worker-channel.js';
import { WorkerPool } from './worker-pool.js';
import { WorkerSums } from './worker-sums.js';

export interface PrimaryOptions {
  readonly config: Config;
  readonly version: string;
  /** Reads the configuration again: flags, environment and `.env`. */
  readonly readConfig: () => Config;
  /** A terminal was attached at the start: SIGHUP says that it closes. */
  readonly terminal: boolean;
}

const EXPORT_DEADLINE_MS = 10_000;

/**
 * The primary of `gateway serve --workers N`: it holds TELEMETRY_DIR, keeps its limits and is the only
 * exporter; its workers serve, and only append to the log. Resolves with the exit code once all have
 * drained after SIGTERM or SIGINT, or once the first worker could not start.
 *
 * @throws Failure where the folder or the port is taken
 */
export async function startPrimary(options: PrimaryOptions): Promise<number> {
  const { config } = options;
  const logger = createLogger(config.logLevel);
  if (config.elasticsearch.enabled) checkIndexName(config.elasticsearch.index);
  await checkPort(config.server.host, config.server.port);
  const settings = await readLiveSettings(config);
  const lock = await acquireLock(config.telemetry.dir);
  try {
    const primary = await Primary.start(options, settings, logger);
    const code = await primary.run(options.terminal);
    await primary.stop();
    return code;
  } finally {
    lock.release();
  }
}

interface Parts {
  readonly options: PrimaryOptions;
  readonly settings: LiveSettings;
  readonly logger: Logger;
  readonly instance: string;
  readonly exporting: Awaited<ReturnType<typeof startExport>>;
  readonly retention: ReturnType<typeof startRetention>;
  /** By process id, of those that append to the log. */
  readonly writers: Map<number, string>;
  readonly sums: WorkerSums;
  readonly metrics: Metrics;
  readonly port: number;
}

class Primary {
  readonly #parts: Parts;
  readonly #pool: WorkerPool;
  readonly #ownMetrics = processMetrics('primary');
  readonly #reloader: Reloader;
  readonly #timer: NodeJS.Timeout;
  /** PRICES_FILE is to be read again by the workers. */
  #pricesChanged = false;

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { options, settings, logger, port, writers, exporting } = parts;
    this.#reloader = new Reloader({
      config: options.config, settings, readConfig: options.readConfig, logger,
      prepare: (fresh) => this.#prepare(fresh),
      apply: (changed) => { this.#apply(changed); },
    });
    this.#pool = new WorkerPool({
      count: options.config.server.workers, port, logger,
      onMessage: (worker, message) => { this.#hear(worker, message); },
      // Until it says which segments are its own, none of them is taken for closed.
      onFork: (pid) => { if (writers.delete(pid)) exporting.setWriters(writers); },
      onEnd: (worker) => { this.#ended(worker); },
    });
    this.#timer = setInterval(() => { for (const worker of this.#pool.workers) tell(worker, this.#report()); }, REPORT_MS);
  }

  static async start(options: PrimaryOptions, settings: LiveSettings, logger: Logger): Promise<Primary> {
    const { config, version } = options;
    const { dir, maxBytes, retentionMs, onFull } = config.telemetry;
    const instance = await gatewayInstance(dir);
    const sums = new WorkerSums();
    // This process itself writes nothing: what bears its process id is of an earlier one.
    const writers = new Map([[process.pid, '']]);
    const metrics = createMetrics({
      version,
      reloads: () => primary.#reloader.counts,
      records: () => sums.total().records,
      unpriced: () => sums.total().unpriced,
      faults: () => sums.total().faults,
      log: () => sums.total().log,
      retention: () => ({ ...retention.lost(), bytesOnDisk: retention.bytes() }),
      exporter: () => ({ status: exporting.status(), restarts: exporting.restarts() }),
    });
    const exporting = await startExport({ config, writers, logger, dropped: () => retention.lost().records, onStatus: (_, durations) => { metrics.bulks(durations); } });
    const retention = startRetention({
      dir, maxBytes, retentionMs, onFull, logger, writerIsGone: (writer) => writerIsGone(writer, writers),
      exported: () => exporting.settled(), settledBytes: () => exporting.settledBytes(), isIdentified: () => exporting.isIdentified(),
    });
    const port = config.server.port === 0 ? await freePort(config.server.host) : config.server.port;
    const primary = new Primary({ options, settings, logger, instance, exporting, retention, writers, sums, metrics, port });
    return primary;
  }

  run(terminal: boolean): Promise<number> {
    onSignals({
      drain: () => { this.#pool.stop(); },
      exitNow: (code) => { process.exit(code); },
      reload: () => { void this.#reloader.reload(); },
      replace: () => { void this.#pool.replace(); },
    }, terminal);
    return this.#pool.run();
  }

  async stop(): Promise<void> {
    const { retention, exporting, logger } = this.#parts;
    clearInterval(this.#timer);
    this.#reloader.stop();
    retention.stop();
    exporting.notify();
    await exporting.stop(EXPORT_DEADLINE_MS);
    logger.info('stopped');
  }

  #hear(worker: Worker, message: unknown): void {
    const ours = fromWorker(message);
    switch (ours?.type) {
      case 'gateway-ready':
        tell(worker, { type: 'gateway-settings', settings: this.#reloader.settings, prices: false });
        tell(worker, this.#report());
        break;
      case 'gateway-worker': this.#reported(worker, ours); break;
      case 'gateway-metrics-request': void this.#answerMetrics(worker, ours.id); break;
      case undefined: break;
    }
  }

  #reported(worker: Worker, report: WorkerReport): void {
    const { writers, exporting, sums } = this.#parts;
    const { pid } = worker.process;
    if (pid !== undefined && writers.get(pid) !== report.writer) {
      writers.set(pid, report.writer);
      exporting.setWriters(writers);
    }
    if ((sums.reportOf(worker)?.log.linesWritten ?? 0) !== report.log.linesWritten) exporting.notify();
    sums.heard(worker, report);
  }

  async #prepare(config: Config): Promise<() => void> {
    const credentials = this.#parts.exporting.prepare(config.elasticsearch);
    // Only to see whether it can be used: the workers read it.
    await openPricer(config, upstreamsFrom((name) => config.variable(name)));
    return () => {
      credentials();
      this.#pricesChanged = true;
    };
  }

  #apply(settings: LiveSettings): void {
    this.#parts.logger.level = settings.logLevel;
    for (const worker of this.#pool.workers) tell(worker, { type: 'gateway-settings', settings, prices: this.#pricesChanged });
    this.#pricesChanged = false;
  }

  /** With what each worker has counted until now: the answers of two workers must not contradict each other. */
  async #answerMetrics(worker: Worker, id: number): Promise<void> {
    const { sums, metrics } = this.#parts;
    const reports = await sums.ask(this.#pool.workers.filter((each) => each.isConnected()));
    const processes = [await this.#ownMetrics.json(), ...reports.map(({ process: own }) => own ?? [])];
    const { contentType, text } = await metrics.text();
    tell(worker, { type: 'gateway-metrics', id, contentType, text: `${text}\n${await textOf(processes)}` });
  }

  #ended(worker: Worker): void {
    const { writers, exporting, sums } = this.#parts;
    sums.ended(worker);
    if (worker.process.pid !== undefined) writers.set(worker.process.pid, '');
    exporting.setWriters(writers);
    exporting.notify();
  }

  #report(): PrimaryReport {
    const { options: { config }, instance, retention, exporting } = this.#parts;
    return {
      type: 'gateway-primary', instance, dir: config.telemetry.dir, refusing: retention.refusing(), full: retention.full(),
      lost: retention.lost(), elasticsearch: exporting.health(), reloadFault: this.#reloader.fault,
    };
  }
}

function tell(worker: Worker, message: FromPrimary): void {
  // With a callback, sending to a worker that has just gone emits no error event.
  if (worker.isConnected()) worker.send(message, () => undefined);
}

/** A port that is free now: each worker would get another one for 0. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  return port;
}
