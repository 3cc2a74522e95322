import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** The usual report, and how many tests passed and failed in the file named by GATEWAY_TEST_COUNTS. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env['GATEWAY_TEST_COUNTS'];
    if (file === undefined) return;
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      writeFileSync(file, JSON.stringify({ passed: this.stats.passes, failed: this.stats.failures }));
    });
  }
}
