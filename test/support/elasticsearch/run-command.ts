import { execFile, spawnSync } from 'node:child_process';

/** Runs a program to its end; rejects with its last words when it fails. */
export function runCommand(file: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number; input?: string; timeoutMs?: number } = {}): Promise<string> {
  const { input, timeoutMs, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { maxBuffer: 64 * 2 ** 20, timeout: timeoutMs ?? 600_000, ...rest }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${file} ${args[0] ?? ''} failed: ${`${stdout}${stderr}`.trim().split('\n').slice(-15).join('\n')}`, { cause: error }));
    });
    child.stdin?.end(input ?? '');
  });
}

/** Whether a program is there and says that it works. */
export function works(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore', timeout: 60_000 }).status === 0;
}
