import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { BenchResult } from '../../bench/report/result.js';
import { ensureBuilt } from '../support/built-gateway.js';
import { ask } from '../support/elasticsearch/ask.js';
import { elasticsearchUrl, needElasticsearch } from '../support/elasticsearch/shared.js';

needElasticsearch();

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the benchmark as a user does, in its smallest form. */
function bench(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return benchWith({}, ...args);
}

function benchWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...args], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
    child.on('error', reject);
    child.on('close', (code) => { resolve({ code, stdout, stderr }); });
  });
}

/** What runs of the benchmark have made in the server and not removed. */
async function leftBehind(): Promise<string> {
  const { origin, username, password } = elasticsearchUrl();
  const answer = await ask(`${origin}/_resolve/index/bench-*`, { username, password: decodeURIComponent(password) }, 10_000);
  return answer?.body ?? 'no answer';
}

describe('the benchmark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-test-'));

  before(async function () {
    if (process.platform !== 'linux') throw new Error('the benchmark reads CPU times from /proc: its test needs Linux');
    await ensureBuilt();
  });
  after(() => { rmSync(folder, { recursive: true, force: true }); });

  it('measures every kind of load on the gateway and beside it, without one error, and says what it means for each aim', async () => {
    const out = join(folder, 'result.json');
    const targetNames = ['node', 'off', 'log', 'workers-2', 'node-2'];
    const { code, stdout, stderr } = await bench('--suite', 'proxy', '--suite', 'tls', ...targetNames.flatMap((name) => ['--target', name]), '--rounds', '1',
      '--seconds', '0.5', '--share', '0.01', '--connections', '4', '--rate', '50', '--out', relative(ROOT, out));
    expect(code, stderr).to.equal(0);
    const { proxy, tls, targets, ...about } = JSON.parse(readFileSync(out, 'utf8')) as BenchResult;
    expect(targets.map(({ name }) => name)).to.deep.equal(['direct', ...targetNames]);
    expect(about.date).to.match(/^\d{4}-\d\d-\d\dT/u);
    expect(about.machine.cores).to.be.greaterThan(0);
    expect([about.node, about.commit]).to.satisfy((texts: string[]) => texts.every((text) => text !== ''));
    expect(proxy?.failures).to.deep.equal({});
    for (const target of ['direct', ...targetNames]) {
      for (const phase of ['json', 'json-100k', 'stream-20', 'stream-500', 'paced', 'rate']) {
        const sample = proxy?.samples.find((one) => one.target === target && one.phase === phase);
        expect(sample?.requests, `${target} ${phase}`).to.be.greaterThan(0);
        expect(sample?.errors, `${target} ${phase}`).to.equal(0);
      }
    }
    expect(proxy?.samples.filter(({ target, phase }) => target === 'log' && phase === 'rate').map(({ take }) => take)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(tls?.samples.map(({ target, phase, errors }) => [target, phase, errors])).to.have.deep.members(
      ['node', 'log'].flatMap((target) => ['json', 'stream-20'].map((phase) => [target, phase, 0])));
    expect(stdout).to.contain('| gateway, log only |').and.to.contain('not measured').and.to.match(/^\| bare Node proxy \| \d+\.\d\d × \| \d+\.\d\d × \|$/mu);
  });

  it('measures the gateway with Elasticsearch up, slow and down', async function () {
    // The slow one takes two seconds for each of the questions before the first record.
    this.timeout(300_000);
    const out = join(folder, 'exporting.json');
    const before = await leftBehind();
    const targetNames = ['elasticsearch', 'elasticsearch-slow', 'elasticsearch-down'];
    const { code, stderr } = await bench('--suite', 'proxy', ...targetNames.flatMap((name) => ['--target', name]), '--phase', 'json', '--rounds', '1',
      '--seconds', '0.5', '--share', '0.01', '--connections', '4', '--elasticsearch', elasticsearchUrl().href, '--out', relative(ROOT, out));
    expect(code, stderr).to.equal(0);
    expect(await leftBehind()).to.equal(before);
    const { proxy } = JSON.parse(readFileSync(out, 'utf8')) as BenchResult;
    expect(proxy?.failures).to.deep.equal({});
    for (const target of targetNames) {
      const samples = proxy?.samples.filter((one) => one.target === target) ?? [];
      expect(samples.map(({ phase, requests, errors }) => [phase, requests > 0, errors]), target).to.deep.equal([['json', true, 0]]);
    }
  });

  it('measures memory, the export, reports and starts', async () => {
    const out = join(folder, 'rest.json');
    const before = await leftBehind();
    const { code, stderr } = await bench('--suite', 'soak', '--suite', 'exporter', '--suite', 'top', '--suite', 'start', '--target', 'log', '--requests', '300',
      '--connections', '4', '--records', '2000', '--top-records', '3000', '--elasticsearch', elasticsearchUrl().href, '--out', relative(ROOT, out));
    expect(code, stderr).to.equal(0);
    expect(await leftBehind()).to.equal(before);
    const { soak, exporter, top, startTime } = JSON.parse(readFileSync(out, 'utf8')) as BenchResult;
    expect(soak?.map(({ target, residentMb }) => [target, residentMb.length])).to.deep.equal([['log', 10]]);
    for (const value of [exporter?.perSecond, exporter?.rawPerSecond, exporter?.cpuUsPerRecord, top?.localSeconds, top?.elasticsearchSeconds, top?.aggregationSeconds, startTime?.helpMs, startTime?.emptyMs]) {
      expect(value).to.be.a('number').greaterThan(0);
    }
  });

  it('says how it is used', async () => {
    const help = await bench('--help');
    expect([help.code, help.stdout]).to.satisfy(([code, text]: [number, string]) => code === 0 && text.includes('--rounds'));
    const wrong = await bench('--rounds', 'many');
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.contain('--rounds many: must be a number above 0');
    const unknown = await bench('--target', 'nobody', '--no-out');
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.contain('--target nobody: what can be run here is direct, ');
  });

  it('knows nginx and other gateways where they are installed', async () => {
    const place = (path: string, text: string): string => {
      const file = join(folder, 'peers', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode: 0o755 });
      return file;
    };
    const program = '#!/bin/sh\necho 1.2.3\n';
    const nginx = place('nginx', program);
    place('litellm/bin/litellm', program);
    place('noveum/bin/noveum-ai-gateway', program);
    place('portkey/node_modules/@portkey-ai/gateway/build/start-server.js', '');
    place('portkey/node_modules/@portkey-ai/gateway/package.json', '{"version":"1.2.3"}');
    const there = await benchWith({ BENCH_PEERS: join(folder, 'peers'), BENCH_NGINX: nginx }, '--target', 'nobody', '--no-out');
    expect(there.stderr).to.match(/what can be run here is direct, nginx, node, off, log, elasticsearch-down, workers-2, node-2, noveum, portkey, litellm$/mu);
    const none = await benchWith({ BENCH_PEERS: join(folder, 'none') }, '--target', 'nobody', '--no-out');
    expect(none.stderr).to.match(/workers-2, node-2$/mu);
  });
});
