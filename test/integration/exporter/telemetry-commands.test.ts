import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ensureObjects } from '../../../src/elastic/ensure-objects.js';
import { segmentName } from '../../../src/telemetry/segments.js';
import { Sandbox, type GatewayProcess, type Outcome } from '../cli/gateway-process.js';
import { Admin, cluster, configOf, freshName } from '../elastic/cluster.js';
import { run } from '../elastic/gateway-command.js';
import { sleep } from './harness.js';
import { AS_ADMIN } from '../../support/admin-token.js';

const DEV = fileURLToPath(new URL('../../../bin/dev.js', import.meta.url));
const REFUSED = '01ARZ3NDEKTSV4RRFFQ69G5FA0';

/* All of it while `gateway serve` runs and holds the folder. */
describe('gateway telemetry, beside gateway serve', function () {
  this.timeout(180_000);
  const admin = new Admin();
  const index = freshName('gwx');
  let sandbox: Sandbox;
  let serving: GatewayProcess;
  let url: string;
  let env: Record<string, string>;
  let today: string;
  const ids: string[] = [];

  const call = async (): Promise<void> => {
    const answer = await fetch(`${url}/demo/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"model":"m","messages":[{"role":"user","content":"Hello"}]}' });
    await answer.text();
    ids.push(answer.headers.get('x-gateway-request-id') ?? '');
  };
  const telemetry = (...argv: string[]): Promise<Outcome> => sandbox.run(['telemetry', ...argv], { env });
  const idle = async (): Promise<void> => {
    for (;;) {
      const { elasticsearch } = await (await fetch(`${url}/ready`, AS_ADMIN)).json() as { elasticsearch: { state: string; backlog_bytes: number | null } };
      if (elasticsearch.state === 'idle' && elasticsearch.backlog_bytes === 0) return;
      await sleep(100);
    }
  };
  /** What serve writes, but for its report, which it writes anew all the while. */
  const files = (): Record<string, string> => Object.fromEntries(readdirSync(sandbox.telemetryDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('exporter.json'))
    .map(({ parentPath, name }) => [join(parentPath, name).slice(sandbox.telemetryDir.length + 1), createHash('sha256').update(readFileSync(join(parentPath, name))).digest('hex')]));

  before(async () => {
    const { url: elasticsearch, username, password } = cluster();
    const readiness = await ensureObjects(admin.elastic, configOf({ index }));
    if (!readiness.ready) throw new Error(readiness.reason);
    today = `${index}-${new Date().toISOString().slice(0, 10)}`;
    const { template } = await admin.template(index);
    await admin.must('PUT', `/${today}`, { mappings: { ...template.mappings, properties: { ...template.mappings.properties, zz: { type: 'long' } } } });
    sandbox = new Sandbox();
    mkdirSync(sandbox.telemetryDir, { recursive: true });
    writeFileSync(join(sandbox.telemetryDir, segmentName(1, '999999999-dead00')), `{"request_id":"${REFUSED}","timestamp":"${new Date().toISOString()}","zz":"no number"}\n`);
    env = { ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: elasticsearch, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ELASTICSEARCH_INDEX: index };
    serving = sandbox.start(['serve', '--port', '0', '--demo'], { env });
    url = await serving.listening();
    for (let i = 0; i < 20; i++) await call();
    await idle();
  });
  after(async () => {
    await sandbox.remove();
    await admin.drop(index);
    await admin.elastic.close();
  });

  it('status says how log, disk and export stand', async () => {
    // The exporter's report comes to the disk every few seconds.
    let table = '';
    while (!/Last success.*ago/.test(table)) table = (await telemetry('status')).stdout;
    for (const row of [/Log .*in 2 segments, about 2\d records/, /Disk .* of 10\.?0? GiB \(TELEMETRY_MAX_BYTES\), .* free/, /Not exported .*nothing/, /To be tried again .*nothing/, /Dead letters .*1/, /Exporter .*idle/, /Last error .*none/]) expect(table).to.match(row);
    const { code, stdout } = await telemetry('status', '--json');
    expect(code).to.equal(0);
    const status = JSON.parse(stdout) as Record<string, unknown>;
    expect(status).to.deep.include({ backlog: { bytes: 0, records_about: 0, oldest_seconds: null }, retry_bytes: 0, dead_letters: 1 });
    expect(status['exporter']).to.include({ state: 'idle', last_error: null }).and.have.property('last_success_at').that.is.a('string');
  });

  it('verify, export and retry find, fix and say; none takes the lock or touches a file of serve', async () => {
    const before = files();
    const good = await telemetry('verify', '--since', '1h');
    expect(good.code, good.stderr).to.equal(0);
    expect(good.stdout).to.include('Good: nothing is missing, nothing is there twice.');

    const [lost = '', doubled = ''] = ids;
    await admin.must('DELETE', `/${today}/_doc/${lost}`);
    const document = await admin.must('GET', `/${today}/_doc/${doubled}`) as { _source: unknown };
    const second = `${index}-2020-01-01`;
    await admin.must('PUT', `/${second}/_doc/${doubled}?refresh=true`, document._source);
    const bad = await telemetry('verify', '--since', '1h');
    expect(bad.code).to.equal(1);
    expect(bad.stdout).to.include('Not good: 1 missing, 1 doubled.').and.include(lost).and.include(doubled);
    await admin.must('DELETE', `/${second}`);

    const exported = await telemetry('export', '--since', '1h', '--json');
    expect(exported.code).to.equal(1); // the mapping still refuses one
    expect(JSON.parse(exported.stdout)).to.deep.equal({ created: 1, existing: 19, refused: 1, expired: 0 });
    expect(JSON.parse((await telemetry('export', '--since', '1h', '--json')).stdout)).to.include({ created: 0, existing: 20 });
    expect((await telemetry('verify', '--since', '1h')).code).to.equal(0);

    const refused = await telemetry('retry');
    expect(refused.code).to.equal(1);
    expect(refused.stdout).to.include('0 delivered, 1 refused again').and.include('parsing_exception');
    expect(serving.child.exitCode).to.equal(null);
    const { 'dead-letters/retried.json': retried, ...untouched } = files();
    expect(untouched).to.deep.equal(before);
    expect(retried).to.be.a('string');
  });

  it('export shows a bar and how long it will take, where somebody looks on', async () => {
    const { stdout } = await run(['-qec', `stty cols 100; ${process.execPath} ${DEV} telemetry export --since 1h`, '/dev/null'], sandbox.folder, { ...process.env, ...env, TELEMETRY_DIR: sandbox.telemetryDir, HOME: sandbox.folder, TERM: 'xterm', CI: undefined }, ['script']);
    expect(stdout, JSON.stringify(stdout)).to.match(/sending, \S+.* left \[#+-*\] \d+ %/);
  });

  it('SIGTERM: what was recorded until then is in Elasticsearch when the gateway has ended', async () => {
    for (let i = 0; i < 10; i++) await call();
    serving.child.kill('SIGTERM');
    expect((await serving.ended).code).to.equal(0);
    const { stdout } = await telemetry('verify', '--since', '1h', '--json');
    expect(JSON.parse(stdout)).to.deep.include({ in_log: 31, found: 30, waiting: 0, dead_letters: 1, missing: { count: 0, ids: [] }, doubled: { count: 0, ids: [] } });
  });
});
