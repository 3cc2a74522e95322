import cluster, { type Worker } from 'node:cluster';
import type { Logger } from './logger.js';
import { FIRST_WORKER, WORKER_PORT, type Retire } from './worker-channel.js';

export interface WorkerPoolOptions {
  readonly count: number;
  /** On which all listen. */
  readonly port: number;
  readonly logger: Logger;
  readonly onMessage: (worker: Worker, message: unknown) => void;
  /** A new process: its id may have been an earlier worker's. */
  readonly onFork: (pid: number) => void;
  readonly onEnd: (worker: Worker) => void;
}

const RESTART_BASE_MS = 1_000;
const RESTART_CAP_MS = 30_000;
/** A worker that has served so long did not end because of its start. */
const STABLE_MS = 10_000;
/** How long a worker may take to listen. */
const START_MS = 60_000;
const RETIRE: Retire = { type: 'gateway-retire' };

/** How long to wait before a worker is started again, after that many in a row that ended soon after their start. */
export function restartDelay(inARow: number): number {
  return Math.min(RESTART_CAP_MS, RESTART_BASE_MS * 2 ** Math.max(0, inARow - 1));
}

/** The worker processes of one gateway: started, started again when they end, replaced one by one, and stopped. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  /** When each that has listened began to. */
  readonly #listening = new Map<Worker, number>();
  /** Whose place another has taken, or is to take it and has not listened yet: none of them is started again. */
  readonly #notRestarted = new Set<Worker>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #ended = Promise.withResolvers<number>();
  #served = false;
  #endedSoon = 0;
  #stopping = false;
  #replacing = false;
  #replaceAgain = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Resolves with the exit code once all have ended after `stop`, or once the first could not start. */
  run(): Promise<number> {
    const { onMessage, onFork } = this.#options;
    cluster.on('message', onMessage);
    cluster.on('fork', ({ process: { pid } }) => { if (pid !== undefined) onFork(pid); });
    cluster.on('listening', (worker) => {
      this.#served = true;
      this.#listening.set(worker, performance.now());
    });
    cluster.on('exit', (worker, code, signal) => { this.#exited(worker, code, signal); });
    // The first alone until it listens: what stops it would stop all, and is said once.
    const first = this.#fork({ [FIRST_WORKER]: '1' });
    first.once('listening', () => { for (let i = 1; i < this.#options.count && !this.#stopping; i++) this.#fork(); });
    return this.#ended.promise;
  }

  get workers(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  }

  /** Lets all workers drain. */
  stop(): void {
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const worker of this.workers) worker.process.kill('SIGTERM');
    if (this.workers.length === 0) this.#ended.resolve(0);
  }

  /**
   * Starts a new worker for each that runs now, one after the other; the old one stops accepting when the new one
   * listens, and ends when what it runs is finished. While that goes on, a second call asks for another round.
   */
  async replace(): Promise<void> {
    const { logger } = this.#options;
    if (!this.#served || this.#stopping) return;
    this.#replaceAgain = true;
    if (this.#replacing) return;
    this.#replacing = true;
    while (this.#goesOn()) {
      this.#replaceAgain = false;
      logger.info({ workers: this.workers.length }, 'replacing the workers one by one');
      if (await this.#replaceEach()) logger.info('the workers have been replaced');
    }
    this.#replacing = false;
  }

  #goesOn(): boolean {
    return this.#replaceAgain && !this.#stopping;
  }

  /** Resolves with whether all were: not where the gateway stops meanwhile, or a new worker does not start. */
  async #replaceEach(): Promise<boolean> {
    for (const old of this.workers) {
      // It has ended by itself: the one that is started again is new already.
      if (old.isDead()) continue;
      this.#notRestarted.add(old);
      if (!await this.#startReplacement()) {
        this.#notRestarted.delete(old);
        if (this.#isOver()) return false;
        if (old.isDead()) this.#restart();
        this.#options.logger.error('a new worker did not start: the others stay as they are');
        return false;
      }
      await this.#retire(old);
      if (this.#isOver()) return false;
    }
    return true;
  }

  #isOver(): boolean {
    return this.#stopping;
  }

  /** Resolves when the new worker listens; with false where it did not come to that. */
  async #startReplacement(): Promise<boolean> {
    const worker = this.#fork();
    this.#notRestarted.add(worker);
    const timer = this.#later(START_MS, () => { worker.process.kill('SIGKILL'); });
    const listens = await new Promise<boolean>((resolve) => {
      worker.once('listening', () => { resolve(true); }).once('exit', () => { resolve(false); });
    });
    clearTimeout(timer);
    this.#timers.delete(timer);
    this.#notRestarted.delete(worker);
    return listens && !worker.isDead();
  }

  async #retire(old: Worker): Promise<void> {
    if (old.isDead()) return;
    const ended = new Promise<void>((resolve) => { old.once('exit', () => { resolve(); }); });
    old.send(RETIRE, () => undefined);
    await ended;
  }

  #fork(environment: Readonly<Record<string, string>> = {}): Worker {
    const worker = cluster.fork({ [WORKER_PORT]: String(this.#options.port), ...environment });
    // What cannot be sent to a worker that ends: 'exit' follows and says it all.
    return worker.on('error', () => undefined);
  }

  #exited(worker: Worker, code: number, signal: string): void {
    const { logger, onEnd } = this.#options;
    const since = this.#listening.get(worker);
    this.#listening.delete(worker);
    onEnd(worker);
    if (this.#stopping) {
      if (this.workers.length === 0) this.#ended.resolve(0);
    } else if (!this.#served) {
      // None ever served: what the first has said on stderr is why.
      this.#ended.resolve(code === 0 ? 1 : code);
      this.stop();
    } else if (!this.#notRestarted.delete(worker)) {
      this.#endedSoon = since !== undefined && performance.now() - since > STABLE_MS ? 1 : this.#endedSoon + 1;
      logger.error({ pid: worker.process.pid, code, signal, restart_in_ms: restartDelay(this.#endedSoon) }, 'a worker ended and is started again; its records are safe in the log');
      this.#restart();
    }
  }

  #restart(): void {
    this.#later(restartDelay(this.#endedSoon), () => { if (!this.#stopping) this.#fork(); });
  }

  #later(ms: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}
