import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cluster } from './cluster.js';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const DEV = fileURLToPath(new URL('../../../bin/dev.js', import.meta.url));

/** Runs `gateway …` from its sources in an empty folder, as the cluster's superuser unless `env` says otherwise. */
export async function gateway(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-command-'));
  const { url, username, password } = cluster();
  try {
    return await run(argv, folder, {
      PATH: process.env['PATH'] ?? '', HOME: folder, TELEMETRY_DIR: join(folder, 'telemetry'),
      ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ...env,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same on a terminal of its own: `answer` is typed once it asks. What the terminal shows is `stdout`. With 0 `columns` it does not know its width. */
export async function gatewayOnTerminal(argv: readonly string[], env: Readonly<Record<string, string>>, { answer, columns = 120 }: { answer?: string; columns?: number } = {}): Promise<CommandResult> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-terminal-'));
  const { url, username, password } = cluster();
  const words = [process.execPath, DEV, ...argv].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols ${String(columns)}; ${words}`, '/dev/null'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'], env: {
    PATH: process.env['PATH'] ?? '', HOME: folder, TERM: 'xterm', SHELL: '/bin/sh', TELEMETRY_DIR: join(folder, 'telemetry'),
    ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ...env,
  } });
  try {
    return await new Promise((resolve, reject) => {
      let stdout = '';
      let asked = false;
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        if (asked || answer === undefined || !stdout.includes('[y/N]')) return;
        asked = true;
        child.stdin.write(answer);
      });
      child.once('error', reject);
      child.once('close', (code) => { resolve({ code, stdout, stderr: '' }); });
    });
  } finally {
    child.stdin.destroy();
    rmSync(folder, { recursive: true });
  }
}

/** The same, its stdout read as JSON. */
export async function gatewayJson(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number | null; json: Record<string, unknown> }> {
  const { code, stdout, stderr } = await gateway([...argv, '--json'], env);
  try {
    return { code, json: JSON.parse(stdout) as Record<string, unknown> };
  } catch {
    throw new Error(`no JSON on stdout: ${stdout}\n${stderr}`);
  }
}

export function run(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv, command: readonly string[] = [process.execPath, DEV], input?: string): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const [program = '', ...first] = command;
    const child = spawn(program, [...first, ...argv], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
    child.once('error', reject);
    child.once('close', (code) => { resolve({ code, stdout, stderr }); });
    child.stdin.end(input);
  });
}
