import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureBuilt, GatewayProgram } from '../../support/built-gateway.js';
import { until } from '../../support/proxy-harness.js';
import { AS_ADMIN } from '../../support/admin-token.js';

function commandLine(pid: number): string {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
}

describe('the process of gateway serve', function () {
  this.timeout(120_000);
  const programs: GatewayProgram[] = [];

  const program = (env: Readonly<Record<string, string>> = {}, options: readonly string[] = []): GatewayProgram => {
    const made = new GatewayProgram(env, [process.execPath, ...options, join(import.meta.dirname, '../../../bin/run.js')]);
    programs.push(made);
    return made;
  };

  before(ensureBuilt);
  after(() => { for (const made of programs) made.remove(); });

  it('is the one that was started, with sizes of its own, and says nothing of it', async () => {
    const running = await program().serve();
    expect(commandLine(running.pid ?? 0)).to.match(/--max-semi-space-size=4 .*run\.js serve --port 0/);
    const { code, stderr } = await running.stop();
    expect(code).to.equal(0);
    expect(stderr).not.to.match(/warning|execve/i);
  });

  it('keeps sizes that somebody has chosen', async () => {
    const running = await program({ NODE_OPTIONS: '--max-semi-space-size=32' }).serve();
    expect(commandLine(running.pid ?? 0)).not.to.contain('semi-space');
    expect((await running.stop()).code).to.equal(0);
  });

  it('exports whatever options of V8 and Node it was started with', async () => {
    const elasticsearch = { ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: 'http://127.0.0.1:9', ELASTICSEARCH_USERNAME: 'elastic', ELASTICSEARCH_PASSWORD: 'nobody' };
    const running = await program(elasticsearch, ['--max-old-space-size=300', '--dns-result-order=ipv4first']).serve();
    const state = async (): Promise<unknown> => (await (await fetch(`${running.url}/ready`, AS_ADMIN)).json() as { elasticsearch: { state: unknown } }).elasticsearch.state;
    await until(async () => await state() === 'backing-off'); // only the thread knows that nobody is there
    expect((await running.stop()).code).to.equal(0);
  });

  it('gives its workers the same', async () => {
    const running = await program().serve('--workers', '2');
    const children = execFileSync('ps', ['-A', '-o', 'ppid=,args='], { encoding: 'utf8' }).split('\n').filter((line) => line.trim().startsWith(`${String(running.pid)} `));
    expect(children).to.have.length(2);
    for (const child of children) expect(child).to.match(/--max-semi-space-size=4 .*run\.js serve --port 0 --workers 2/);
    expect((await running.stop()).code).to.equal(0);
  });
});
