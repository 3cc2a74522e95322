import type { Context } from 'mocha';
import { startShared, stopShared } from './elasticsearch/shared.js';

const START_TIMEOUT_MS = 40 * 60_000;
const LEAK_PATIENCE_MS = 20_000;

/** Threads of the code under test read its sources too; they inherit what Node was started with, not what mocha has loaded since. */
if (!process.execArgv.includes('--import=tsx')) process.execArgv.push('--import=tsx');

/** An interrupted run must still meet the `exit` handlers that end its servers. */
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) process.on(signal, () => process.exit(code));

export const mochaHooks = {
  async beforeAll(this: Context): Promise<void> {
    this.timeout(START_TIMEOUT_MS);
    await startShared();
  },
  async afterAll(this: Context): Promise<void> {
    this.timeout(60_000);
    await stopShared();
    watchForLeaks();
  },
};

/**
 * A test that leaves a socket or a timer behind keeps the process alive after the last test. That is
 * a fault, and it must end the run with its name instead of hanging it.
 */
function watchForLeaks(): void {
  setTimeout(() => {
    process.stderr.write(`Tests left open what keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.on('exit', () => { process.exitCode = 1; });
    process.exit();
  }, LEAK_PATIENCE_MS).unref();
}
