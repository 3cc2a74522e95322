import { Worker } from 'node:worker_threads';
import { fullJitter } from './backoff.js';
import { cautionsOf, suspectsAfterDeath, type Suspect } from './cautions.js';
import { addCounters, noCounters, type ExporterInput, type ExportStatus, type FromThread, type Range, type ToThread } from './protocol.js';

export interface SupervisorOptions {
  readonly input: Omit<ExporterInput, 'cautions' | 'written' | 'writers'>;
  readonly writers: ReadonlyMap<number, string>;
  readonly onStatus?: (status: ExportStatus, bulkMs: readonly number[]) => void;
  readonly onLog: (level: 'info' | 'warn' | 'error', fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Longest wait before a thread that has died is started again. */
  readonly restartCapMs?: number;
  /** Further options of Node for a thread that runs from source. */
  readonly execArgv?: readonly string[];
}

/** Heap of the thread: its bulk bodies lie outside of it. */
const HEAP_MB = 256;
/** Of its young generation: three semi-spaces. Without a limit it grows to 128 MB, for lines that are settled at once. */
const YOUNG_HEAP_MB = 6;
const RESTART_BASE_MS = 100;
const RESTART_CAP_MS = 30_000;
/** What a thread may still send before it makes place for one with other settings. */
const RELOAD_DEADLINE_MS = 1_000;
/** What a thread needs beyond its deadline to write its cursor and end. */
const GRACE_MS = 2_000;
/** A thread that has lived so long did not die of its start. */
const STABLE_MS = 60_000;

/**
 * Keeps the exporter's thread running from the main thread: starts it again from its cursors
 * however it dies, more and more carefully with what it died of.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #input: SupervisorOptions['input'];
  readonly #written = new Int32Array(new SharedArrayBuffer(4));
  readonly #inFlight = new Map<number, readonly Range[]>();
  #writers: ReadonlyMap<number, string>;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #suspects: Suspect[] = [];
  #restarts = 0;
  #deaths = 0;
  #startedAt = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #stopping = false;
  #reloading = false;
  /** Counters of threads that have died. */
  #before = noCounters();
  #heard = noCounters();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#input = options.input;
    this.#writers = options.writers;
    this.#start();
  }

  /** Times that the thread died. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The thread's worker, for tests that kill it. */
  get worker(): Worker | undefined {
    return this.#worker;
  }

  /** Lines were written; one atomic store. */
  notify(): void {
    Atomics.add(this.#written, 0, 1);
  }

  /** Other processes write now. */
  setWriters(writers: ReadonlyMap<number, string>): void {
    this.#writers = writers;
    this.#tell({ type: 'writers', writers });
  }

  /** Goes on with other settings of the cluster: a new thread takes them, and begins at the cursor. */
  async reload(elasticsearch: ExporterInput['elasticsearch']): Promise<void> {
    this.#input = { ...this.#input, elasticsearch };
    this.#reloading = true;
    await this.#end(RELOAD_DEADLINE_MS);
  }

  /** Lets the thread send what it can, then ends it; what is left stays in the log. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    await this.#end(deadlineMs);
  }

  async #end(deadlineMs: number): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#tell({ type: 'stop', deadlineMs });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => { timer = setTimeout(resolve, deadlineMs + GRACE_MS); });
    await Promise.race([this.#exited, late]);
    clearTimeout(timer);
    await worker.terminate();
  }

  #start(): void {
    const { execArgv } = this.#options;
    // From source the entry is a .ts file, which the loader of the tests reads.
    const fromSource = import.meta.url.endsWith('.ts');
    const entry = new URL(fromSource ? './thread.ts' : './thread.js', import.meta.url);
    const workerData: ExporterInput = { ...this.#input, writers: this.#writers, written: this.#written, cautions: cautionsOf(this.#suspects) };
    const worker = new Worker(entry, {
      workerData, name: 'gateway-exporter',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
      // Else the thread inherits the process's; given explicitly, V8's among them would be refused.
      ...(fromSource && { execArgv: [...loaders(process.execArgv), ...(execArgv ?? [])] }),
    });
    this.#worker = worker;
    this.#reloading = false;
    this.#startedAt = performance.now();
    let fault: unknown;
    worker.on('message', (message: FromThread) => { this.#hear(message); });
    worker.on('error', (error) => { fault = error; });
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        resolve();
        this.#worker = undefined;
        if (this.#stopping) return;
        if (this.#reloading) this.#startAgain();
        else this.#died(code, fault);
      });
    });
    worker.unref();
  }

  #startAgain(): void {
    this.#inFlight.clear();
    this.#before = this.#heard;
    this.#start();
  }

  #died(code: number, fault: unknown): void {
    this.#restarts++;
    this.#deaths = performance.now() - this.#startedAt > STABLE_MS ? 1 : this.#deaths + 1;
    this.#suspects = suspectsAfterDeath(this.#suspects, [...this.#inFlight.values()].flat());
    this.#inFlight.clear();
    this.#before = this.#heard;
    const wait = RESTART_BASE_MS + fullJitter(this.#deaths, RESTART_BASE_MS, this.#options.restartCapMs ?? RESTART_CAP_MS);
    this.#options.onLog('error', { code, reason: fault instanceof Error ? fault.message : 'it ended', restart_in_ms: wait }, 'the exporter thread died and is started again from its cursor');
    this.#restartTimer = setTimeout(() => { this.#start(); }, wait).unref();
  }

  #hear(message: FromThread): void {
    switch (message.type) {
      case 'status':
        this.#heard = addCounters(this.#before, message.status.counters);
        this.#options.onStatus?.({ ...message.status, counters: this.#heard }, message.bulkMs);
        break;
      case 'log': this.#options.onLog(message.level, message.fields, message.message); break;
      case 'sending': this.#inFlight.set(message.batch, message.ranges); break;
      case 'sent': this.#inFlight.delete(message.batch); break;
    }
  }

  #tell(message: ToThread): void {
    this.#worker?.postMessage(message);
  }
}

/** The options of Node that load code first: those that let a thread be TypeScript. */
function loaders(execArgv: readonly string[]): readonly string[] {
  return execArgv.filter((option, at) => option.startsWith('--import=') || option === '--import' || execArgv[at - 1] === '--import');
}
