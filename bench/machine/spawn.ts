import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, processTree } from './proc.js';

export interface SpawnOptions {
  readonly core: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** File that takes stdout and stderr. */
  readonly log?: string;
  /** Opens a channel for messages. */
  readonly ipc?: boolean;
}

const running = new Set<ChildProcess>();
const pinning = process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0;

/** Starts a program pinned to one core (where `taskset` is there), in a process group of its own. */
export function start(command: readonly string[], { core, env = {}, cwd, log, ipc = false }: SpawnOptions): ChildProcess {
  const [program, ...args] = pinning ? ['taskset', '-c', String(core), ...command] : command;
  const output = log === undefined ? 'ignore' : openSync(log, 'a');
  const child = spawn(program as string, args, {
    env: { ...process.env, ...env }, cwd, detached: true,
    stdio: ipc ? ['ignore', output, output, 'ipc'] : ['ignore', output, output],
  });
  if (typeof output === 'number') closeSync(output);
  running.add(child);
  child.on('exit', () => running.delete(child));
  child.on('error', () => running.delete(child));
  return child;
}

/** Keeps a process that runs already, with all its threads, on one core. @throws where that cannot be done */
export function keepOn(core: number, pid: number): void {
  const { status, stderr } = spawnSync('taskset', ['-acp', String(core), String(pid)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the process ${pid} cannot be kept on one core: ${stderr.trim() || 'there is no taskset'}`);
}

/** Ends what `start` started, with its descendants: SIGTERM, then SIGKILL. */
export async function stop(child: ChildProcess, graceMs = 5_000): Promise<void> {
  if (child.pid === undefined) return;
  const pids = processTree(child.pid);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of signal === 'SIGTERM' ? [child.pid] : pids) kill(pid, signal);
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline) {
      if (pids.every((pid) => !isRunning(pid))) {
        running.delete(child);
        return;
      }
      await sleep(20);
    }
  }
}

/** Ends everything that still runs; for the way out. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => stop(child, 1_000)));
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ended already
  }
}
