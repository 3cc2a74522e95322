import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import { Sandbox, type GatewayProcess } from '../cli/gateway-process.js';
import { Admin, cluster, configOf, freshName } from '../elastic/cluster.js';
import { sleep } from './harness.js';

describe('gateway serve --workers', function () {
  this.timeout(180_000);
  let sandbox: Sandbox;
  let admin: Admin;
  let elastic: Elastic;
  let index: string;
  let env: Record<string, string>;

  beforeEach(() => {
    sandbox = new Sandbox();
    admin = new Admin();
    elastic = createElastic(configOf());
    index = freshName('gwx');
    const { url, username, password } = cluster();
    env = { ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ELASTICSEARCH_INDEX: index };
  });
  afterEach(async () => {
    await sandbox.remove();
    await admin.drop(index);
    await admin.elastic.close();
    await elastic.close();
  });

  const call = async (url: string): Promise<string | null> => {
    const answer = await fetch(`${url}/demo/v1/chat/completions`, {
      method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body: '{"model":"m","messages":[{"role":"user","content":"Hello"}]}',
    });
    await answer.text();
    return answer.headers.get('x-gateway-request-id');
  };
  const workersOf = async ({ child: { pid } }: GatewayProcess): Promise<number[]> => {
    const tasks = await readdir(`/proc/${String(pid)}/task`);
    const lists = await Promise.all(tasks.map((task) => readFile(`/proc/${String(pid)}/task/${task}/children`, 'utf8').catch(() => '')));
    const found = await Promise.all(lists.join(' ').split(' ').filter((each) => each !== '').map(async (each) => {
      const command = await readFile(`/proc/${each}/cmdline`, 'utf8').catch(() => '');
      return command.includes('--workers') ? Number(each) : undefined;
    }));
    return found.filter((each) => each !== undefined);
  };
  const metric = async (url: string, name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(name)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };

  it('serves from several processes, exports from one, and survives the death of a worker', async () => {
    const gateway = sandbox.start(['serve', '--port', '0', '--demo', '--workers', '2'], { env });
    const [, url = ''] = await gateway.prints('stdout', /Listening\s+(http:\S+)/);
    while ((await workersOf(gateway)).length < 2) await sleep(50);
    const ids: (string | null)[] = [];
    for (let i = 0; i < 20; i++) ids.push(await call(url));
    // What a worker has counted since its last word goes with it.
    while (await metric(url, 'gateway_export_records_total') < 20) await sleep(100);
    await sleep(1_500);
    const [victim = 0] = await workersOf(gateway);
    process.kill(victim, 'SIGKILL');
    while ((await workersOf(gateway)).includes(victim) || (await workersOf(gateway)).length < 2) await sleep(50);
    for (let i = 0; i < 20; i++) ids.push(await call(url).catch(() => null));
    const complete = ids.filter((id) => id !== null);
    expect(complete.length).to.be.greaterThan(30);
    // Every process answers for all of them.
    while (await metric(url, 'gateway_export_records_total') < complete.length) await sleep(200);
    while (await metric(url, 'gateway_records_total{provider="demo"') < complete.length) await sleep(200);
    while (await metric(url, 'gateway_unpriced_calls_total') < complete.length) await sleep(200);

    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
    const writers = new Set((await readdir(sandbox.telemetryDir)).filter((name) => name.endsWith('.ndjson')).map((name) => name.split('-')[1]));
    expect(writers.size).to.be.at.least(2);

    const verified = await sandbox.run(['telemetry', 'verify', '--since', '1h', '--json'], { env });
    expect(verified.code, verified.stdout + verified.stderr).to.equal(0);
    const { in_log: inLog, found, missing, doubled } = JSON.parse(verified.stdout) as { in_log: number; found: number; missing: { count: number }; doubled: { count: number } };
    expect({ found, missing: missing.count, doubled: doubled.count }).to.deep.equal({ found: inLog, missing: 0, doubled: 0 });
    expect(inLog).to.be.at.least(complete.length);
    const status = await sandbox.run(['telemetry', 'status', '--json'], { env });
    expect(JSON.parse(status.stdout)).to.have.nested.property('backlog.bytes', 0);
  });

  it('spreads requests evenly', async () => {
    const gateway = sandbox.start(['serve', '--port', '0', '--demo', '--workers', '2'], { env: { ...env, ENABLE_ELASTICSEARCH: 'false' } });
    const [, url = ''] = await gateway.prints('stdout', /Listening\s+(http:\S+)/);
    /** Records of each process that has written any, by its segment. */
    const served = async (): Promise<Map<string, number>> => {
      const names = (await readdir(sandbox.telemetryDir)).filter((name) => name.endsWith('.ndjson'));
      const counts = await Promise.all(names.map(async (name) => [name, (await readFile(join(sandbox.telemetryDir, name), 'utf8')).split('\n').length - 1] as const));
      return new Map(counts.filter(([, count]) => count > 0));
    };
    // The second one listens a little later.
    while ((await served()).size < 2) await call(url);
    const before = await served();
    for (let i = 0; i < 40; i++) await call(url);
    const after = await served();
    expect([...after].map(([name, count]) => count - (before.get(name) ?? 0))).to.deep.equal([20, 20]);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
  });

  it('refuses a second gateway on the same folder', async () => {
    const first = sandbox.start(['serve', '--port', '0', '--workers', '2'], { env: { ...env, ENABLE_ELASTICSEARCH: 'false' } });
    await first.prints('stdout', /Listening/);
    const second = await sandbox.run(['serve', '--port', '0', '--workers', '2'], { env: { ...env, ENABLE_ELASTICSEARCH: 'false' } });
    expect(second.code).to.equal(2);
    expect(second.stderr).to.match(/in use by another gateway/);
  });

  it('says once why no worker can start', async () => {
    const failed = await sandbox.run(['serve', '--port', '0', '--host', '0.0.0.0', '--workers', '3'], { env: { OPENAI_API_KEY: 'sk-test' } });
    expect(failed.code).to.equal(2);
    expect(failed.stderr.match(/would lend its keys|lend/g)).to.have.length(1);
    expect((await sandbox.run(['serve', '--workers', 'many'])).code).to.equal(2);
  });
});
