/**
 * The whole test: `npm test`, and with --matrix `npm run test:matrix`. Every step is run, whatever the
 * ones before it said, and the last line is the sum.
 */
import { fileURLToPath } from 'node:url';
import { wayToServer } from '../elasticsearch/obtain.js';
import { RELEASES, type Major } from '../elasticsearch/versions.js';
import { interrupt, runStep } from './step.js';
import { allSteps, matrixSteps } from './steps.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The newest first: it is what most people run. */
const LINES = RELEASES.map(({ major }) => major).toReversed() as [Major, ...Major[]];

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    interrupt(signal);
  });
}

process.exitCode = await main(process.argv.includes('--matrix'));

async function main(matrix: boolean): Promise<number> {
  // One address cannot be three versions.
  if (matrix) delete process.env['GATEWAY_TEST_ELASTICSEARCH_URL'];
  try {
    // Said before the first test, not in the middle of the run.
    if (!matrix) wayToServer();
    for (const major of matrix ? LINES : []) wayToServer({ ...process.env, GATEWAY_TEST_ELASTICSEARCH_VERSION: major });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  let passed = 0;
  const failures: string[] = [];
  let failed = 0;
  for (const step of matrix ? matrixSteps(ROOT, LINES) : allSteps()) {
    const tally = await runStep(step);
    if (interrupted) return 130;
    passed += tally.passed;
    failed += tally.failed;
    if (tally.failed > 0) failures.push(`${step.title} (${tally.failed})`);
    if (tally.failed > 0 && step.essential === true) break;
  }
  if (failures.length > 0) process.stdout.write(`\nFailed: ${failures.join(', ')}\n`);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}
