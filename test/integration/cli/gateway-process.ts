import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN } from '../../support/admin-token.js';

const DEV = fileURLToPath(new URL('../../../bin/dev.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Another user of this machine, where the tests run as root. */
  readonly uid?: number;
}

/** Processes of one test, run from the sources in an empty folder with nothing in their environment but what is given. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'gateway-cli-'));
  readonly #running = new Set<GatewayProcess>();

  get telemetryDir(): string {
    return join(this.folder, 'log');
  }

  start(argv: readonly string[], options: StartOptions = {}): GatewayProcess {
    return this.startProgram([DEV, ...argv], options);
  }

  /** Starts another program that Node runs. */
  startProgram(argv: readonly string[], { env = {}, uid }: StartOptions = {}): GatewayProcess {
    const child = spawn(process.execPath, argv, {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], HOME: this.folder, TELEMETRY_DIR: this.telemetryDir, ADMIN_TOKEN, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
    });
    const process_ = new GatewayProcess(child);
    this.#running.add(process_);
    return process_;
  }

  /** Runs to the end. */
  run(argv: readonly string[], options: StartOptions = {}): Promise<Outcome> {
    return this.start(argv, options).ended;
  }

  async remove(): Promise<void> {
    for (const each of this.#running) each.child.kill('SIGKILL');
    await Promise.all([...this.#running].map((each) => each.ended));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** One `gateway …`. */
export class GatewayProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  stdout = '';
  stderr = '';

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => { this.stdout += chunk.toString(); });
    child.stderr?.on('data', (chunk: Buffer) => { this.stderr += chunk.toString(); });
    this.ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
      code: code as number | null, signal: signal as NodeJS.Signals | null, stdout: this.stdout, stderr: this.stderr,
    }));
  }

  /** Resolves with the first match of what it prints on a stream; rejects where it ends before. */
  async prints(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    const source = this.child[stream];
    if (source === null) throw new Error(`${stream} is not piped`);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this[stream]);
        if (match === null) return;
        source.off('data', look);
        resolve(match);
      };
      source.on('data', look);
      look();
      void this.ended.then(({ code, stderr }) => { reject(new Error(`ended with ${String(code)} before it printed ${String(pattern)}:\n${stderr}`)); });
    });
  }

  /** The address that the first screen of `gateway serve` names. */
  async listening(): Promise<string> {
    const [, url = ''] = await this.prints('stdout', /Listening\s+(http:\S+)\n[^]*Try, in another terminal[^\n]*:\n.*\n.*\n/);
    return url;
  }
}
