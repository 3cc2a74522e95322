import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { chooseTargets } from '../../bench/targets/choose.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function render(...args: readonly string[]): { code: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/render.ts', ...args], { cwd: ROOT, encoding: 'utf8' });
  return { code: status, stderr };
}

describe('what the documents say of the benchmark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-documents-'));
  after(() => { rmSync(folder, { recursive: true, force: true }); });

  for (const document of ['README.md', 'docs/performance.md']) {
    it(`is in ${document} what the reference result says`, () => {
      expect(render(document, '--check')).to.deep.equal({ code: 0, stderr: '' });
    });
  }

  it('is made from the result, and a figure that was written by hand is found', () => {
    const copy = join(folder, 'copy.md');
    copyFileSync(join(ROOT, 'README.md'), copy);
    writeFileSync(copy, readFileSync(copy, 'utf8').replace('| bare Node proxy (node:http + undici)', '| bare Node proxy'));
    expect(render(copy, '--check').code).to.equal(1);
    expect(render(copy).code).to.equal(0);
    expect(readFileSync(copy, 'utf8')).to.equal(readFileSync(join(ROOT, 'README.md'), 'utf8'));
  });

  it('is of every target: the provider itself, the limits, ours with each kind of telemetry, and several processes', async () => {
    const targets = await chooseTargets({ targets: undefined, elasticsearch: 'http://elastic:secret@127.0.0.1:9' });
    targets.stop();
    expect(targets.own.map(({ name }) => name).filter((name) => name !== 'nginx')).to.deep.equal([
      'direct', 'node', 'off', 'log', 'elasticsearch', 'elasticsearch-slow', 'elasticsearch-down', 'workers-2', 'node-2',
    ]);
  });
});
