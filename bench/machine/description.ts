import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** What kind of machine a run was on; nothing that names it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: /^\d+\.\d+/.exec(release())?.[0] ?? 'unknown',
  };
}

/** The version of an installed npm package, from its manifest. */
export function packageVersion(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** What a program says of its version, by the first number in it; undefined where it cannot be run. */
export function programVersion(program: string, ...args: readonly string[]): string | undefined {
  // nginx says it on stderr.
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return error === undefined ? /\d+(?:\.\d+)+/.exec(stdout + stderr)?.[0] : undefined;
}

/** The commit that was measured, `+` where the tree differed from it. */
export function commit(root: string): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', 'src') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
