import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What hangs is a failure, and must not take the rest with it. */
const LONGEST_MINUTES = 60;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** One program of a whole run of the tests. */
export interface Step {
  readonly title: string;
  /** Program of node_modules/.bin, or on the PATH, with its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** After so many it has failed; 60 unless given. */
  readonly minutes?: number;
  /** It counts its own tests (GATEWAY_TEST_COUNTS); any other step is one that passes or fails. */
  readonly counts?: boolean;
  /** What comes after it makes no sense when it fails. */
  readonly essential?: boolean;
}

let running: ChildProcess | undefined;

/** Ends the step that runs, so that it can put away what it has started. */
export function interrupt(signal: NodeJS.Signals): void {
  running?.kill(signal);
}

/** Runs a step with its output on ours, and says how it went. */
export async function runStep(step: Step): Promise<Tally> {
  process.stdout.write(`\n── ${step.title}\n`);
  const dir = await mkdtemp(join(tmpdir(), 'gateway-suite-'));
  const file = join(dir, 'counts.json');
  try {
    const good = await run(step, { ...process.env, ...step.env, GATEWAY_TEST_COUNTS: file });
    if (step.counts !== true) return good ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    const counted = JSON.parse(await readFile(file, 'utf8').catch(() => '{"passed":0,"failed":0}')) as Tally;
    // A run that dies, leaks or has no test at all has failed, whatever it counted.
    return good && counted.passed > 0 ? counted : { ...counted, failed: Math.max(counted.failed, 1) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function run(step: Step, env: NodeJS.ProcessEnv): Promise<boolean> {
  const [program, ...args] = step.command;
  return new Promise((resolve) => {
    const child = running = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const minutes = step.minutes ?? LONGEST_MINUTES;
    const timer = setTimeout(() => {
      process.stderr.write(`${step.title}: no end after ${minutes} minutes\n`);
      child.kill('SIGTERM');
    }, minutes * 60_000);
    child.once('error', (error) => {
      clearTimeout(timer);
      process.stderr.write(`${program}: ${error.message}\n`);
      resolve(false);
    });
    child.once('exit', (code, signal) => {
      running = undefined;
      clearTimeout(timer);
      if (signal !== null) process.stderr.write(`${program} was ended by ${signal}\n`);
      resolve(code === 0);
    });
  });
}
