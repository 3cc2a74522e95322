import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../load/percentiles.js';

/** Milliseconds from the start of the process to its end. */
export interface StartTimeResult {
  readonly helpMs: number | undefined;
  readonly emptyMs: number | undefined;
  readonly runs: number;
}

const GATEWAY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const EMPTY = fileURLToPath(new URL('../references/empty-cli/run.js', import.meta.url));

/** How long `gateway --help` takes beside an oclif command that does nothing; in turns. */
export function measureStartTime(runs: number): StartTimeResult {
  const help: number[] = [];
  const empty: number[] = [];
  // One of each beforehand, for the disk's cache and the compile cache.
  time(GATEWAY, '--help');
  time(EMPTY, 'nothing');
  for (let run = 0; run < runs; run++) {
    help.push(time(GATEWAY, '--help'));
    empty.push(time(EMPTY, 'nothing'));
  }
  return { helpMs: median(help), emptyMs: median(empty), runs };
}

function time(...args: string[]): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, CI: '1' } });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${String(status)}: ${stderr}`);
  return performance.now() - startedAt;
}
