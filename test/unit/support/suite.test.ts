import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { filesThatNeedElasticsearch } from '../../support/suite/needs-elasticsearch.js';
import { runStep, type Tally } from '../../support/suite/step.js';
import { allSteps, matrixSteps } from '../../support/suite/steps.js';
import { POSIX } from '../../support/posix.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const EVERY_TEST = ['unit', 'sdk', 'integration', 'e2e', 'package', 'bench'].map((kind) => `test/${kind}/**/*.test.ts`);

describe('the steps of a whole run of the tests', () => {
  it('are types, lint, imports, dead code, build, manifest and every test', () => {
    const commands = allSteps().map(({ command }) => command.join(' '));
    for (const script of ['typecheck', 'lint', 'depcruise', 'knip', 'build']) expect(commands).to.include(`npm run --silent ${script}`);
    expect(commands).to.include('git diff --exit-code -- oclif.manifest.json');
    expect(allSteps().at(-1)?.command).to.include.members(EVERY_TEST);
  });

  it('are with the matrix everything against the first line, and what touches Elasticsearch against each other', () => {
    const tests = matrixSteps(ROOT, ['9', '8', '7']).filter(({ counts }) => counts === true);
    expect(tests.map(({ env }) => env?.['GATEWAY_TEST_ELASTICSEARCH_VERSION'])).to.deep.equal(['9', '8', '7']);
    expect(tests[0]?.command).to.include.members(EVERY_TEST);
    const files = filesThatNeedElasticsearch(ROOT);
    for (const { command } of tests.slice(1)) expect(command).to.include.members(files);
    expect(files).to.include.members(['test/e2e/main-path.test.ts', 'test/integration/elastic/init.test.ts', 'test/integration/exporter/export.test.ts', 'test/integration/report/conformance.test.ts']);
    expect(files).not.to.include('test/unit/domain/request-id.test.ts');
  });

  it('end with the promise under fire, in a form that may take ten minutes', () => {
    const last = matrixSteps(ROOT, ['9', '8', '7']).at(-1);
    expect(last?.command.join(' ')).to.include('test:faults');
    expect(last?.minutes).to.equal(10);
  });

  it('have failed where they do not end in their time', async () => {
    expect(await runStep({ title: 'a step of a test', command: [process.execPath, '-e', 'setInterval(() => undefined, 1_000)'], minutes: 0.002 })).to.deep.equal({ passed: 0, failed: 1 });
  });

  const node = (script: string, counts: boolean): Promise<Tally> => runStep({ title: 'a step of a test', command: [process.execPath, '-e', script], counts });
  const counting = (tally: object, code = 0): string => `require('node:fs').writeFileSync(process.env.GATEWAY_TEST_COUNTS, '${JSON.stringify(tally)}'); process.exit(${code});`;

  it('count what they say, or one', async () => {
    expect(await node('', false)).to.deep.equal({ passed: 1, failed: 0 });
    expect(await node('process.exit(3)', false)).to.deep.equal({ passed: 0, failed: 1 });
    expect(await node(counting({ passed: 5, failed: 0 }), true)).to.deep.equal({ passed: 5, failed: 0 });
    expect(await node(counting({ passed: 5, failed: 2 }, 2), true)).to.deep.equal({ passed: 5, failed: 2 });
  });

  it('have failed where they die, were never there, or ran no test', async () => {
    expect(await node(counting({ passed: 5, failed: 0 }, 1), true)).to.deep.equal({ passed: 5, failed: 1 });
    expect(await node('process.kill(process.pid)', true)).to.deep.equal({ passed: 0, failed: 1 });
    expect(await node('', true)).to.deep.equal({ passed: 0, failed: 1 });
    expect(await runStep({ title: 'a step of a test', command: ['no-such-program-anywhere'] })).to.deep.equal({ passed: 0, failed: 1 });
  });
});

if (POSIX) describe('.ci/run', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-ci-'));
    for (const name of ['dirname', 'id', 'sed']) {
      const path = ['/usr/bin', '/bin'].map((shelf) => join(shelf, name)).find((one) => readable(one));
      if (path !== undefined) symlinkSync(path, join(folder, name));
    }
  });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  function install(name: string, script = 'exit 0'): void {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const run = (env: NodeJS.ProcessEnv = {}): Promise<{ code: number; stdout: string }> => new Promise((resolve) => {
    execFile('/bin/bash', [join(ROOT, '.ci/run')], { env: { PATH: folder, ...env } }, (error, stdout) => { resolve({ code: error === null ? 0 : Number(error.code), stdout }); });
  });

  it('is a clean install and the tests with the matrix, whose sum is its last line', async () => {
    const calls = join(folder, 'calls');
    install('npm', `echo "$@" >> ${calls}; [ "$1" = ci ] || { echo '7 passed, 1 failed'; exit 1; }`);
    install('mvn');
    install('openssl');
    const home = join(folder, 'jdk'); // 21 can run all three
    mkdirSync(join(home, 'bin'), { recursive: true });
    writeFileSync(join(home, 'release'), 'JAVA_VERSION="21.0.4"\n');
    writeFileSync(join(home, 'bin/javac'), '');
    chmodSync(join(home, 'bin/javac'), 0o755);
    const { code, stdout } = await run({ JAVA_HOME: home });
    expect(readFileSync(calls, 'utf8')).to.equal('ci\nrun --silent test:matrix\n');
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('7 passed, 1 failed');
    expect(code).to.equal(1);
  });

  it('ends with a sum, too, where something is missing that it cannot install', async () => {
    const { code, stdout } = await run();
    expect(stdout).to.equal('0 passed, 1 failed\n');
    expect(code).to.equal(1);
  });
});

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}
