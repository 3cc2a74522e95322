import cluster, { type Worker } from 'node:cluster';
import { createServer, type AddressInfo } from 'node:net';
import type { Config } from '../config/config.js';
import { checkIndexName } from '../elastic/index-name.js';
import { gatewayInstance } from '../telemetry/instance.js';
import { acquireLock } from '../telemetry/lock.js';
import { writerIsGone } from '../telemetry/writers.js';
import { startExport } from './export.js';
import { checkPort } from './listen.js';
import { createLogger, type Logger } from './logger.js';
import { addTallies } from './record-counts.js';
import { startRetention } from './retention-loop.js';
import { onStopSignals } from './signals.js';
import { addLogTotals, isWorkerReport, NO_LOG, REPORT_MS, type PrimaryReport, type WorkerReport } from './worker-channel.js';

export interface PrimaryOptions {
  readonly config: Config;
  readonly workers: number;
}

const EXPORT_DEADLINE_MS = 10_000;
const RESTART_MS = 1_000;
/** Environment of workers: which one prints the first screen, and on which port all listen where PORT is 0. */
const FIRST_WORKER = 'GATEWAY_FIRST_WORKER';
const WORKER_PORT = 'GATEWAY_WORKER_PORT';

/**
 * The primary of `gateway serve --workers N`: it holds TELEMETRY_DIR, keeps its limits and is the only
 * exporter; its workers serve, and only append to the log. Resolves with the exit code once all have
 * drained after SIGTERM or SIGINT, or once the first worker could not start.
 *
 * @throws Failure where the folder or the port is taken
 */
export async function startPrimary({ config, workers: count }: PrimaryOptions): Promise<number> {
  const logger = createLogger(config.logLevel);
  if (config.elasticsearch.enabled) checkIndexName(config.elasticsearch.index);
  await checkPort(config.server.host, config.server.port);
  const lock = await acquireLock(config.telemetry.dir);
  try {
    const primary = await Primary.start(config, logger);
    const code = await primary.run(count, String(config.server.port === 0 ? await freePort(config.server.host) : config.server.port));
    await primary.stop();
    return code;
  } finally {
    lock.release();
  }
}

class Primary {
  readonly #logger: Logger;
  readonly #instance: string;
  readonly #exporting: Awaited<ReturnType<typeof startExport>>;
  readonly #retention: ReturnType<typeof startRetention>;
  readonly #writers: Map<number, string>;
  readonly #reports = new Map<Worker, WorkerReport>();
  readonly #bulkMs: number[];
  readonly #timer: NodeJS.Timeout;
  /** Of workers that have ended. */
  #before: PrimaryReport['others'] = { log: NO_LOG, records: {}, unpriced: 0 };
  #stopping = false;

  private constructor(parts: { logger: Logger; instance: string; exporting: Awaited<ReturnType<typeof startExport>>; retention: ReturnType<typeof startRetention>; writers: Map<number, string>; bulkMs: number[] }) {
    this.#logger = parts.logger;
    this.#instance = parts.instance;
    this.#exporting = parts.exporting;
    this.#retention = parts.retention;
    this.#writers = parts.writers;
    this.#bulkMs = parts.bulkMs;
    this.#timer = setInterval(() => { this.#tellAll(); }, REPORT_MS);
  }

  static async start(config: Config, logger: Logger): Promise<Primary> {
    const { dir, maxBytes, retentionMs, onFull } = config.telemetry;
    const instance = await gatewayInstance(dir);
    const bulkMs: number[] = [];
    // This process itself writes nothing: what bears its process id is of an earlier one.
    const writers = new Map([[process.pid, '']]);
    const exporting = await startExport({ config, writers, logger, dropped: () => retention.lost().records, onStatus: (_, durations) => { bulkMs.push(...durations); } });
    const retention = startRetention({
      dir, maxBytes, retentionMs, onFull, logger, writerIsGone: (writer) => writerIsGone(writer, writers),
      exported: () => exporting.settled(), settledBytes: () => exporting.settledBytes(),
    });
    return new Primary({ logger, instance, exporting, retention, writers, bulkMs });
  }

  run(count: number, port: string): Promise<number> {
    const environment = { [WORKER_PORT]: port };
    return new Promise((resolve) => {
      let listening = 0;
      cluster.on('message', (worker, message: unknown) => { this.#hear(worker, message); });
      // Its process id may have been an earlier worker's: until it says which segments are its own, none of them is taken for closed.
      cluster.on('fork', ({ process: { pid } }) => {
        if (pid !== undefined && this.#writers.delete(pid)) this.#exporting.setWriters(this.#writers);
      });
      cluster.on('listening', () => { listening++; });
      cluster.on('exit', (worker, code, signal) => {
        this.#ended(worker);
        const left = Object.keys(cluster.workers ?? {}).length;
        if (this.#stopping) {
          if (left === 0) resolve(0);
        } else if (listening === 0) {
          // None ever served: what the first has said on stderr is why.
          this.#stopping = true;
          for (const other of Object.values(cluster.workers ?? {})) other?.process.kill('SIGTERM');
          resolve(code === 0 ? 1 : code);
        } else {
          this.#logger.error({ pid: worker.process.pid, code, signal }, 'a worker ended and is started again; its records are safe in the log');
          setTimeout(() => { if (!this.#stopping) cluster.fork(environment); }, RESTART_MS);
        }
      });
      onStopSignals(() => {
        this.#stopping = true;
        const workers = Object.values(cluster.workers ?? {});
        for (const worker of workers) worker?.process.kill('SIGTERM');
        if (workers.length === 0) resolve(0);
      }, (code) => { process.exit(code); });
      // The first alone until it listens: what stops it would stop all, and is said once.
      const first = cluster.fork({ ...environment, [FIRST_WORKER]: '1' });
      first.once('listening', () => { for (let i = 1; i < count && !this.#stopping; i++) cluster.fork(environment); });
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#retention.stop();
    this.#exporting.notify();
    await this.#exporting.stop(EXPORT_DEADLINE_MS);
    this.#logger.info('stopped');
  }

  #hear(worker: Worker, message: unknown): void {
    if (!isWorkerReport(message)) {
      worker.send(this.#reportFor(worker));
      return;
    }
    const { pid } = worker.process;
    if (pid !== undefined && this.#writers.get(pid) !== message.writer) {
      this.#writers.set(pid, message.writer);
      this.#exporting.setWriters(this.#writers);
    }
    if ((this.#reports.get(worker)?.log.linesWritten ?? 0) !== message.log.linesWritten) this.#exporting.notify();
    this.#reports.set(worker, message);
  }

  #ended(worker: Worker): void {
    const report = this.#reports.get(worker);
    this.#reports.delete(worker);
    if (report !== undefined) {
      const { log, records, unpriced } = this.#before;
      this.#before = { log: addLogTotals(log, report.log), records: addTallies(records, report.records), unpriced: unpriced + report.unpriced };
    }
    if (worker.process.pid !== undefined) this.#writers.set(worker.process.pid, '');
    this.#exporting.setWriters(this.#writers);
    this.#exporting.notify();
  }

  #tellAll(): void {
    for (const worker of Object.values(cluster.workers ?? {})) if (worker?.isConnected() === true) worker.send(this.#reportFor(worker));
    this.#bulkMs.length = 0;
  }

  #reportFor(worker: Worker): PrimaryReport {
    let { log, records, unpriced } = this.#before;
    for (const [other, report] of this.#reports) {
      if (other === worker) continue;
      log = addLogTotals(log, report.log);
      records = addTallies(records, report.records);
      unpriced += report.unpriced;
    }
    return {
      type: 'gateway-primary', instance: this.#instance, refusing: this.#retention.refusing(), full: this.#retention.full(),
      elasticsearch: this.#exporting.health(), exporter: { status: this.#exporting.status(), restarts: this.#exporting.restarts() },
      retention: { ...this.#retention.lost(), bytesOnDisk: this.#retention.bytes() }, bulkMs: [...this.#bulkMs], others: { log, records, unpriced },
    };
  }
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
