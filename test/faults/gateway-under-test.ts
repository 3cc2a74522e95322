import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ADMIN_TOKEN, AS_ADMIN } from '../support/admin-token.js';

const BINARY = join(import.meta.dirname, '../../bin/run.js');
const START_TIMEOUT_MS = 60_000;

export interface GatewayOptions {
  readonly port: number;
  readonly workers: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** `gateway serve` as a user starts it, to be killed in every way and started again. */
export class GatewayUnderTest {
  readonly #options: GatewayOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #peakRssKb = 0;
  #starts = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#options.port)}`;
  }

  /** Largest resident memory of any of its processes, in MiB. */
  get peakRssMb(): number {
    return Math.round(this.#peakRssKb / 1024);
  }

  get starts(): number {
    return this.#starts;
  }

  async start(): Promise<void> {
    const { port, workers, env } = this.#options;
    const child = spawn(process.execPath, [BINARY, 'serve', '--port', String(port), '--workers', String(workers)], { env: { PATH: process.env['PATH'], ADMIN_TOKEN, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#starts++;
    child.stdout.pipe(this.#log, { end: false });
    child.stderr.pipe(this.#log, { end: false });
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!await this.#answers()) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`gateway serve does not start (exit code ${String(child.exitCode)}); its output is in ${this.#options.logFile}`);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }

  /** kill -9 of the process that was started: the only one, or the primary. */
  async killPrimary(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** kill -9 of a worker; the primary goes on. Whether there was one. */
  async killWorker(): Promise<boolean> {
    const [first] = await this.#workers();
    if (first === undefined) return false;
    process.kill(first, 'SIGKILL');
    return true;
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** What /ready says of the export; undefined while it does not answer. */
  async ready(): Promise<{ readonly state: string; readonly backlog_bytes: number | null; readonly oldest_unexported_seconds: number | null } | undefined> {
    try {
      const answer = await fetch(`${this.url}/ready`, { ...AS_ADMIN, signal: AbortSignal.timeout(2_000) });
      const body = await answer.json() as { elasticsearch: { state: string; backlog_bytes: number | null; oldest_unexported_seconds: number | null } };
      return body.elasticsearch;
    } catch {
      return undefined;
    }
  }

  /** Reads the memory of all its processes. */
  async sample(): Promise<void> {
    const pids = [this.#child?.pid, ...await this.#workers()];
    for (const pid of pids) {
      const status = pid === undefined ? '' : await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
      this.#peakRssKb = Math.max(this.#peakRssKb, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    }
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const workers = await this.#workers(child.pid);
    const ended = new Promise<number | null>((resolve) => { child.once('exit', (code) => { resolve(code); }); });
    child.kill(signal);
    const code = await ended;
    // Workers end with their primary; the port is free only then.
    while (workers.some(isAlive)) await new Promise((resolve) => { setTimeout(resolve, 20); });
    return code;
  }

  async #answers(): Promise<boolean> {
    return fetch(`${this.url}/health`, { signal: AbortSignal.timeout(1_000) }).then(({ ok }) => ok, () => false);
  }

  async #workers(parent: number | undefined = this.#child?.pid): Promise<number[]> {
    if (parent === undefined) return [];
    const tasks = await readdir(`/proc/${String(parent)}/task`).catch(() => []);
    const lists = await Promise.all(tasks.map((task) => readFile(`/proc/${String(parent)}/task/${task}/children`, 'utf8').catch(() => '')));
    return lists.join(' ').split(' ').filter((pid) => pid !== '').map(Number);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
