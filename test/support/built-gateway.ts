import { execFile, spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ADMIN_TOKEN } from './admin-token.js';

const ROOT = join(import.meta.dirname, '../..');
const BINARY = join(ROOT, 'bin/run.js');
const START_TIMEOUT_MS = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `gateway serve` of its own process. */
export interface RunningGateway {
  readonly url: string;
  /** The process that was started. */
  readonly pid: number | undefined;
  /** Asks it to end (SIGTERM) and waits until it has. */
  stop(): Promise<Ended>;
}

/** A program on disk, started in an empty folder with nothing in its environment but what is given. */
export class GatewayProgram {
  readonly #command: readonly [string, ...string[]];
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Set<() => void>();
  /** Its home and working directory. */
  readonly folder = mkdtempSync(join(tmpdir(), 'gateway-program-'));

  constructor(env: Readonly<Record<string, string>>, command: readonly [string, ...string[]] = [process.execPath, BINARY]) {
    this.#command = command;
    this.#env = { PATH: process.env['PATH'], HOME: this.folder, TELEMETRY_DIR: this.telemetryDir, ADMIN_TOKEN, NODE_V8_COVERAGE: process.env['NODE_V8_COVERAGE'], ...env };
  }

  get telemetryDir(): string {
    return join(this.folder, 'telemetry');
  }

  /** Runs a command to its end. */
  async run(...argv: string[]): Promise<Ended> {
    return await this.#start(argv).ended;
  }

  /** The same with --json; throws where stdout is not one JSON document. */
  async json(...argv: string[]): Promise<{ code: number | null; json: unknown }> {
    const { code, stdout, stderr } = await this.run(...argv, '--json');
    try {
      return { code, json: JSON.parse(stdout) as unknown };
    } catch {
      throw new Error(`gateway ${argv.join(' ')} --json exited ${String(code)} and printed no JSON:\n${stdout}\n${stderr}`);
    }
  }

  /** Starts `gateway serve` on a free port and waits until it listens. */
  async serve(...flags: string[]): Promise<RunningGateway> {
    const { child, ended, output } = this.#start(['serve', '--port', '0', ...flags]);
    const url = await new Promise<string>((resolve, reject) => {
      const fail = (): void => { reject(new Error(`gateway serve does not listen:\n${output.stdout}\n${output.stderr}`)); };
      const timer = setTimeout(fail, START_TIMEOUT_MS);
      child.once('exit', fail);
      child.stdout.on('data', () => {
        const address = /Listening\s+(http:\S+)/.exec(output.stdout)?.[1];
        if (address === undefined) return;
        clearTimeout(timer);
        child.off('exit', fail);
        resolve(address);
      });
    });
    return {
      url,
      pid: child.pid,
      stop: () => {
        child.kill('SIGTERM');
        return ended;
      },
    };
  }

  /** Ends what still runs, and removes the folder. */
  remove(): void {
    for (const end of this.#running) end();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #start(argv: readonly string[]) {
    const [program, ...first] = this.#command;
    const child = spawn(program, [...first, ...argv], { cwd: this.folder, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    const kill = (): void => { child.kill('SIGKILL'); };
    this.#running.add(kill);
    child.stdout.on('data', (chunk: Buffer) => { output.stdout += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { output.stderr += chunk.toString(); });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.#running.delete(kill);
        resolve({ code, ...output });
      });
    });
    return { child, ended, output };
  }
}

/** Builds where there is no build, or one that is older than the sources. */
export async function ensureBuilt(): Promise<void> {
  const built = join(ROOT, 'oclif.manifest.json');
  const sources = ['package.json', ...globSync('src/**/*.ts', { cwd: ROOT })].map((file) => statSync(join(ROOT, file)).mtimeMs);
  if (existsSync(join(ROOT, 'dist/cli/main.js')) && existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return;
  await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: ROOT });
}
