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
