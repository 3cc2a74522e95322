import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { newRequestId } from '../../../src/domain/request-id.js';
import { emptyCursor, writeCursor } from '../../../src/telemetry/cursor.js';
import { segmentName } from '../../../src/telemetry/segments.js';
import { Sandbox, type GatewayProcess } from './gateway-process.js';
import { AS_ADMIN } from '../../support/admin-token.js';

const AWAY = { ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: 'http://127.0.0.1:9' };

interface Ready { readonly status: string; readonly reasons: string[]; readonly log: Record<string, unknown> }

describe('gateway serve at the limits of its log', function () {
  this.timeout(90_000);
  let sandbox: Sandbox;
  beforeEach(() => { sandbox = new Sandbox(); });
  afterEach(() => sandbox.remove());

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<{ gateway: GatewayProcess; url: string }> => {
    const gateway = sandbox.start(['serve', '--demo', '--port', '0'], { env });
    return { gateway, url: await gateway.listening() };
  };
  const call = async (url: string): Promise<{ status: number; id: string | null }> => {
    const answer = await fetch(`${url}/demo/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"model":"m","messages":[{"role":"user","content":"Hello"}]}' });
    await answer.text();
    return { status: answer.status, id: answer.headers.get('x-gateway-request-id') };
  };
  const ready = async (url: string): Promise<Ready> => await (await fetch(`${url}/ready`, AS_ADMIN)).json() as Ready;
  const metric = async (url: string, name: string): Promise<number> => Number((await (await fetch(`${url}/metrics`)).text()).split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => { while (!await holds()) await new Promise((resolve) => { setTimeout(resolve, 50); }); };
  const segments = (): string[] => readdirSync(sandbox.telemetryDir).filter((name) => name.endsWith('.ndjson')).sort();
  const logged = (): string[] => segments().flatMap((name) => readFileSync(join(sandbox.telemetryDir, name), 'utf8').split('\n').slice(0, -1)).map((line) => (JSON.parse(line) as { request_id: string }).request_id);
  const said = (gateway: GatewayProcess, text: string): number => gateway.stderr.split(text).length - 1;
  const status = async (env: Readonly<Record<string, string>>): Promise<Record<string, Record<string, number>>> => JSON.parse((await sandbox.run(['telemetry', 'status', '--json'], { env })).stdout) as Record<string, Record<string, number>>;

  /** Segments of a process that is no more, none of them exported, so many bytes each. */
  async function leaveSegments(count: number, bytes: number): Promise<string[]> {
    await mkdir(sandbox.telemetryDir, { recursive: true });
    const names = Array.from({ length: count }, (_, i) => segmentName(i + 1, '999999999-dead00'));
    const line = (): string => `{"request_id":"${newRequestId(Date.now())}","timestamp":"${new Date().toISOString()}","provider":"demo"}\n`;
    const lines = Math.floor(bytes / line().length);
    for (const name of names) await writeFile(join(sandbox.telemetryDir, name), Array.from({ length: lines }, line).join(''));
    return names;
  }

  it('a disk that takes no more: calls go on, what is lost is counted and said once, /ready is degraded, and it ends by itself', async () => {
    const { gateway, url } = await start();
    const before = await call(url);
    // The kernel refuses every further byte of this process's files, as a full disk does.
    const limitFiles = (limit: string): void => { execFileSync('prlimit', ['--pid', String(gateway.child.pid), `--fsize=${limit}`]); };
    limitFiles('0:unlimited');
    const lost = [];
    for (let i = 0; i < 5; i++) lost.push(await call(url));
    expect(lost.map((answer) => answer.status)).to.deep.equal([200, 200, 200, 200, 200]);
    expect(await metric(url, 'gateway_log_append_failures_total')).to.equal(5);
    const degraded = await ready(url);
    expect(degraded.status).to.equal('degraded');
    expect(degraded.reasons.join()).to.include('records are being lost');
    expect(degraded.log).to.include({ writable: false, append_failures: 5 });
    expect(said(gateway, 'the telemetry log cannot be written: records are being lost')).to.equal(1);
    limitFiles('unlimited');
    const after = await call(url);
    expect((await ready(url)).status).to.equal('ready');
    expect(said(gateway, '"lost":5')).to.equal(1);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
    // No half line is left of those that were lost.
    expect(logged()).to.deep.equal([before.id, after.id]);
  });

  it('drop-oldest, the cluster away: the oldest go, counted, loud, in /ready and in status; calls go on', async () => {
    const [first = '', second = '', third = ''] = await leaveSegments(3, 40_000);
    const env = { ...AWAY, TELEMETRY_MAX_BYTES: '100KiB' };
    const { gateway, url } = await start(env);
    await until(() => !segments().includes(first));
    expect(segments()).to.include.members([second, third]);
    expect((await call(url)).status).to.equal(200);
    await until(async () => (await ready(url)).log['dropped_records'] !== 0);
    const dropped = await metric(url, 'gateway_log_dropped_records_total');
    expect(dropped).to.be.greaterThan(100);
    const { status: state, reasons } = await ready(url);
    expect(state).to.equal('degraded');
    expect(reasons.join()).to.include(`TELEMETRY_MAX_BYTES within the last five minutes: ${String(dropped)} records`);
    expect(said(gateway, 'records that Elasticsearch does not have were dropped')).to.equal(1);
    await until(async () => (await status(env))['exporter']?.['dropped_records'] === dropped);
    expect((await sandbox.run(['telemetry', 'status'], { env })).stdout).to.include(`${String(dropped)} records before they were exported`);
  });

  it('the cluster away at the start: what the last cluster has goes first, nothing counts as lost, and no call is refused', async () => {
    const [first = '', second = '', third = ''] = await leaveSegments(3, 40_000);
    const target = { clusterUuid: 'cluster-a', index: 'ai-gateway-metrics', layout: 'daily' };
    await writeCursor(sandbox.telemetryDir, { ...emptyCursor(target), done: new Set([first, second]) });
    const { gateway, url } = await start({ ...AWAY, TELEMETRY_MAX_BYTES: '100KiB', TELEMETRY_ON_FULL: 'refuse-requests' });
    await until(async () => !segments().includes(first) || (await ready(url)).status === 'unavailable');
    expect(segments()).to.include.members([second, third]).and.not.include(first);
    expect((await call(url)).status).to.equal(200);
    expect(await metric(url, 'gateway_log_dropped_records_total')).to.equal(0);
    expect(said(gateway, 'the telemetry log is full')).to.equal(0);
  });

  it('refuse-requests, the cluster away: nothing goes, calls are refused, /ready and status say so', async () => {
    const left = await leaveSegments(3, 40_000);
    const env = { ...AWAY, TELEMETRY_MAX_BYTES: '100KiB', TELEMETRY_ON_FULL: 'refuse-requests' };
    const { gateway, url } = await start(env);
    await until(async () => (await ready(url)).status === 'unavailable');
    expect((await call(url)).status).to.equal(503);
    expect((await fetch(`${url}/ready`)).status).to.equal(503);
    expect((await ready(url)).reasons.join()).to.include('full');
    expect(said(gateway, 'the telemetry log is full (TELEMETRY_MAX_BYTES)')).to.equal(1);
    expect(segments()).to.include.members(left);
    expect(await metric(url, 'gateway_log_dropped_records_total')).to.equal(0);
    const { disk, backlog } = await status(env);
    expect(disk?.['used_bytes']).to.be.greaterThan(disk?.['limit_bytes'] ?? Infinity);
    expect(backlog?.['bytes']).to.be.greaterThan(100_000);
  });

  it('a backlog of ten gigabytes is not read at the start', async () => {
    const names = await leaveSegments(160, 40_000);
    // Files with holes: 64 MiB each to whoever reads them, next to nothing on the disk.
    for (const name of names) execFileSync('truncate', ['--size', '64M', join(sandbox.telemetryDir, name)]);
    const { gateway, url } = await start({ ...AWAY, TELEMETRY_MAX_BYTES: '20GiB' });
    await until(async () => (await (await fetch(`${url}/ready`, AS_ADMIN)).json() as { elasticsearch: { state: string } }).elasticsearch.state === 'backing-off');
    const read = Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${String(gateway.child.pid)}/io`, 'utf8'))?.[1]);
    // Its own code and libraries are most of it.
    expect(read).to.be.within(1, 500e6);
    expect((await call(url)).status).to.equal(200);
    expect((await status({ ...AWAY, TELEMETRY_MAX_BYTES: '20GiB' }))['backlog']?.['bytes']).to.be.greaterThan(10e9);
  });
});
