import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Linux's /proc gives CPU time in ticks of this length. */
const TICK_MS = 10;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  readonly state: string;
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
    return { parent: Number(fields[1]), state: fields[0] as string, ticks: (utime ?? 0) + (stime ?? 0) + (cutime ?? 0) + (cstime ?? 0) };
  } catch {
    return undefined; // ended meanwhile
  }
}

/** Whether the process exists and has not ended. */
export function isRunning(pid: number): boolean {
  const state = readStat(pid)?.state;
  return state !== undefined && state !== 'Z';
}

/** The process and all that descend from it, those that ended left out. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat === undefined || stat.state === 'Z') continue;
    children.set(stat.parent, [...children.get(stat.parent) ?? [], pid]);
  }
  const found: number[] = [];
  const todo = [root];
  for (let pid = todo.pop(); pid !== undefined; pid = todo.pop()) {
    if (readStat(pid) === undefined) continue;
    found.push(pid);
    todo.push(...children.get(pid) ?? []);
  }
  return found;
}

/** User and system time of the processes so far, in milliseconds; of children that they waited for too. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readStat(pid)?.ticks ?? 0), 0) * TICK_MS;
}

/** Resident memory of the processes together, in megabytes (2^20 bytes). */
export function residentMb(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) {
    try {
      kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      // ended meanwhile
    }
  }
  return kilobytes / 1024;
}

/** Time that one core has been busy and was stolen by the host, in milliseconds since boot. */
export interface CoreTime {
  readonly busy: number;
  readonly stolen: number;
}

export function coreTime(core: number): CoreTime {
  const line = readFileSync('/proc/stat', 'latin1').split('\n').find((text) => text.startsWith(`cpu${core} `)) ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return { busy: (user + nice + system + irq + softirq) * TICK_MS, stolen: steal * TICK_MS };
}

/** The two cores of a run: load and stand-in on one, what is measured on the other. */
export const LOAD_CORE = 0;
export const TARGET_CORE = Math.min(1, availableParallelism() - 1);
