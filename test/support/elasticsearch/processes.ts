import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What tells a process from a later one of the same id: when it was started, in the system's own
 * words. Undefined where there is no such process.
 */
export function startedAt(pid: number): string | undefined {
  try {
    if (!existsSync('/proc/self/stat')) return run('ps', '-o', 'lstart=', '-p', String(pid)) || undefined;
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name, the second field, is in brackets and may contain anything; the start is field 22, the state field 3.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/** Whether a process was started with that variable: how a server of ours is told from anything else. */
export function hasVariable(pid: number, variable: string): boolean {
  try {
    if (existsSync('/proc/self/environ')) return readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0').includes(variable);
    return run('ps', 'eww', '-o', 'command=', '-p', String(pid)).split(/\s+/).includes(variable);
  } catch {
    return false;
  }
}

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until a process that was told to end is gone. */
export async function gone(pid: number, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (startedAt(pid) !== undefined) {
    if (Date.now() > deadline) throw new Error(`process ${String(pid)} does not end`);
    await sleep(50);
  }
}

function run(file: string, ...args: string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
