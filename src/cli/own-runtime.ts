import { accessSync, constants } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

/**
 * How V8 and malloc run `gateway serve`, which makes much short-lived garbage and keeps little (figures:
 * docs/performance.md). V8 takes the sizes of its young generation only at the start of a process.
 */
const FLAGS = [
  // One size from start to end: V8 would shrink it whenever the gateway has been idle, and garbage that
  // grows old under the next load brings a full collection and a pause of tens of milliseconds.
  '--min-semi-space-size=4', '--max-semi-space-size=4',
  // The old generation grows by a fifth until it is collected, where V8 would let it double or more, all of it garbage.
  // That counts what lies outside of the heap, too, so the garbage of long bodies is collected early (src/gateway/body-garbage.ts).
  '--heap-growing-percent=20', '--expose-gc',
  // Helpers that collect the young generation in parallel find almost nothing to share.
  '--no-parallel-scavenge',
  // One of V8's four helper threads marks for a collection and one compiles, instead of all four: where the gateway has one
  // core, five busy threads leave its requests a fifth of that.
  '--concurrent-marking-max-worker-num=1', '--concurrent-turbofan-max-threads=1',
  // V8 marks for the next full collection when half of the room that the last one left is used (a quarter left: at once). Left to itself it begins as soon as
  // that room is smaller than the young generation, which it can be at once: long bodies then brought one collection after the other.
  '--incremental-marking-soft-trigger=50', '--incremental-marking-hard-trigger=75',
  // Where buffers have lived long for a while, V8 makes all later ones in the old generation, for ever: 60 MB of them until a full collection.
  '--no-allocation-site-pretenuring',
  // What V8 collects while the program is idle takes compiled code with it, and the next load waits until that is made again.
  '--no-memory-reducer',
  // The compiler in the middle leaves ten megabytes of its own behind; what runs often is left to the last one all the same.
  '--no-maglev',
] as const;

/** Threads started from here on have sizes of their own, from their `resourceLimits`. */
const FLAGS_AFTER_START = ['--min-semi-space-size=0', '--max-semi-space-size=0'] as const;

/**
 * glibc's malloc: one arena for all threads (each further one keeps megabytes that were used once). Pieces of 1 MiB and
 * more go back to the system when they are free; of what the smaller ones leave free at the end, 8 MiB stay: to give it
 * back at once and take it again, page by page, was a quarter of what a long prompt costs.
 */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '8388608' } as const;

/** Major versions of Node that were seen to take all of FLAGS: one that does not know a flag would not start at all. */
const TRIED_VERSIONS = ['22', '24', '25', '26'];

/**
 * Arguments and environment beyond this are left alone: where the system refuses them, older versions of Node abort.
 * Every system takes so much.
 */
const LARGEST_BYTES = 96 * 1024;

/** `GATEWAY_TUNE_RUNTIME=false` turns the second start off. */
const SWITCH = 'GATEWAY_TUNE_RUNTIME';

/** What of a process decides whether it is started anew. */
export interface ProcessFacts {
  readonly argv: readonly string[];
  readonly argv0: string;
  readonly execArgv: readonly string[];
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly execPath: string;
  /** Of Node, such as 24.21.0. */
  readonly version: string;
  /** The process has a channel to its parent, which would be lost. */
  readonly hasChannel: boolean;
}

/** A program, its arguments (the first is its own name) and its environment. */
export interface Execution {
  readonly file: string;
  readonly args: string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * What this process is to be replaced by; undefined where it is another command than `serve`, where it runs so
 * already, where somebody has chosen sizes of memory (those count) or turned it off, where the environment is large,
 * and on a Node on which this was never tried.
 */
export function ownRuntime({ argv, argv0, execArgv, env, execPath, version, hasChannel }: ProcessFacts): Execution | undefined {
  if (argv[2] !== 'serve' || hasChannel || !TRIED_VERSIONS.includes(version.split('.', 1)[0] ?? '') || sizesAreChosen(execArgv, env)) return undefined;
  if (env[SWITCH]?.toLowerCase() === 'false') return undefined;
  const next = { file: execPath, args: [argv0, ...execArgv, ...FLAGS, ...argv.slice(1)], env: { ...ENVIRONMENT, ...env } };
  return bytesOf(next) > LARGEST_BYTES ? undefined : next;
}

/**
 * Replaces this process by one with its own runtime where that is due: the same process id, the same files and
 * signals. Returns in that one, where it is not due, and where the system cannot (Windows): all works there, too,
 * with more memory. Workers of `--workers` inherit the options from their primary.
 */
export function takeOwnRuntime(): void {
  if (FLAGS.every((flag) => process.execArgv.includes(flag))) {
    for (const flag of FLAGS_AFTER_START) setFlagsFromString(flag);
    return;
  }
  const { argv, argv0, execArgv, env, execPath, channel } = process;
  const next = ownRuntime({ argv, argv0, execArgv, env, execPath, version: process.versions.node, hasChannel: channel !== undefined });
  if (next === undefined || typeof process.execve !== 'function' || !isExecutable(next.file)) return;
  try {
    process.execve(next.file, next.args, next.env);
  } catch {
    // Not on this platform.
  }
}

/** With the pointers that the system counts, too. */
function bytesOf({ args, env }: Execution): number {
  const strings = [...args, ...Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`)];
  return strings.reduce((sum, text) => sum + Buffer.byteLength(text) + 9, 0);
}

/** Node may have been replaced or removed since this process began. */
function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function sizesAreChosen(execArgv: readonly string[], env: ProcessFacts['env']): boolean {
  return /semi[-_]space[-_]size/u.test(`${execArgv.join(' ')} ${env['NODE_OPTIONS'] ?? ''}`);
}
