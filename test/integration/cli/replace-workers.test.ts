import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { until as untilWithin } from '../../support/proxy-harness.js';
import { Sandbox, type GatewayProcess } from './gateway-process.js';

const BODY = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}';
const ANSWER = '{"model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}';

/** Clients that send one request after the other until `end`, over connections of their own and over kept ones. */
class Load {
  answered = 0;
  readonly failures: string[] = [];
  readonly #agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: false })];
  readonly #clients: Promise<void>[];
  #ending = false;

  constructor(url: URL, clients = 12) {
    this.#clients = Array.from({ length: clients }, async (_, i) => {
      while (!this.#ending) {
        const failure = await this.#one(url, this.#agents[i % 2] as Agent);
        if (failure === undefined) this.answered++;
        else this.failures.push(failure);
      }
    });
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#clients);
    for (const agent of this.#agents) agent.destroy();
  }

  #one({ hostname, port }: URL, agent: Agent): Promise<string | undefined> {
    return new Promise((resolve) => {
      const fail = (error: NodeJS.ErrnoException): void => { resolve(error.code ?? error.message); };
      const headers = { 'content-type': 'application/json', 'authorization': 'Bearer sk-client' };
      const call = request({ hostname, port, path: '/v1/chat/completions', method: 'POST', agent, headers, timeout: 10_000 }, (answer) => {
        answer.on('error', fail).on('end', () => { resolve(answer.statusCode === 200 ? undefined : String(answer.statusCode)); }).resume();
      });
      call.on('error', fail).on('timeout', () => { call.destroy(new Error('no answer came')); }).end(BODY);
    });
  }
}

/** Several processes start from sources, maybe on a busy machine. */
const until = (condition: () => boolean | Promise<boolean>): Promise<void> => untilWithin(condition, 120_000);

describe('a gateway with workers', function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  let upstream: Server;
  let load: Load | undefined;
  beforeEach(async () => {
    sandbox = new Sandbox();
    upstream = createServer((call, answer) => {
      call.resume().on('end', () => { setTimeout(() => { answer.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER); }, 10); });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
  });
  afterEach(async () => {
    await load?.end();
    load = undefined;
    await sandbox.remove();
    upstream.closeAllConnections();
    upstream.close();
  });

  async function start(env: Readonly<Record<string, string>> = {}): Promise<{ gateway: GatewayProcess; url: URL }> {
    const { port } = upstream.address() as AddressInfo;
    const gateway = sandbox.start(['serve', '--port', '0'], { env: { WORKERS: '2', OPENAI_BASE_URL: `http://127.0.0.1:${String(port)}`, ...env } });
    const url = new URL(await gateway.listening());
    await until(async () => (await workers(url)).length === 2);
    return { gateway, url };
  }
  const metrics = async (url: URL): Promise<string[]> => (await (await fetch(new URL('/metrics', url), { headers: { connection: 'close' } })).text()).split('\n');
  /** The workers that answer, by the label of their own metrics. */
  const workers = async (url: URL): Promise<string[]> => (await metrics(url))
    .flatMap((line) => /^process_cpu_seconds_total\{process="(worker-\d+)"\}/.exec(line)?.[1] ?? []).sort();
  /** Every series of a counter or a histogram. */
  const counters = async (url: URL): Promise<Map<string, number>> => {
    const lines = await metrics(url);
    const names = lines.flatMap((line) => /^# TYPE (\S+) (?:counter|histogram)$/.exec(line)?.[1] ?? []);
    return new Map(lines.filter((line) => names.some((name) => line.startsWith(name) && /^(?:_count|_sum|_bucket)?[ {]/.test(line.slice(name.length))))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]));
  };
  const records = (): number => readdirSync(sandbox.telemetryDir).filter((name) => name.endsWith('.ndjson'))
    .reduce((sum, name) => sum + readFileSync(join(sandbox.telemetryDir, name), 'utf8').split('\n').length - 1, 0);

  /** Reads the counters until `done`: none of them ever falls. */
  async function counting(url: URL, done: () => boolean | Promise<boolean>): Promise<void> {
    let before = new Map<string, number>();
    while (!await done()) {
      const now = await counters(url);
      for (const [series, value] of now) expect(value, series).to.be.at.least(before.get(series) ?? 0);
      before = new Map([...before, ...now]);
    }
  }

  it('loses no request while SIGUSR2 replaces both workers under load, not even when it comes twice; no counter falls', async () => {
    const { gateway, url } = await start();
    const before = await workers(url);
    load = new Load(url);
    await until(() => (load?.answered ?? 0) > 50);
    gateway.child.kill('SIGUSR2');
    await gateway.prints('stderr', /replacing the workers one by one/);
    gateway.child.kill('SIGUSR2');
    await counting(url, () => gateway.stderr.split('the workers have been replaced').length === 3);
    const answered = load.answered;
    await until(() => (load?.answered ?? 0) > answered + 50);
    await load.end();
    expect(load.failures).to.deep.equal([]);
    const after = await workers(url);
    expect(after).to.have.length(2);
    expect(after.filter((worker) => before.includes(worker))).to.deep.equal([]);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
    expect(records()).to.equal(load.answered);
  });

  it('serves on while a worker is killed; no counter falls, and another takes its place', async () => {
    const { gateway, url } = await start();
    const before = await workers(url);
    load = new Load(url);
    await until(() => (load?.answered ?? 0) > 50);
    const worker = Number(readFileSync(`/proc/${String(gateway.child.pid)}/task/${String(gateway.child.pid)}/children`, 'utf8').trim().split(' ').at(-1));
    process.kill(worker, 'SIGKILL');
    await gateway.prints('stderr', /"signal":"SIGKILL","restart_in_ms":1000/);
    await counting(url, async () => {
      const now = await workers(url);
      return now.length === 2 && now.join(' ') !== before.join(' ');
    });
    await load.end();
    // Only what the killed one had under way.
    expect(load.failures.length).to.be.at.most(12);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
  });

  it('stops while it replaces workers', async () => {
    const { gateway } = await start();
    gateway.child.kill('SIGUSR2');
    await gateway.prints('stderr', /replacing the workers one by one/);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
    expect(gateway.stderr).not.to.include('have been replaced').and.not.to.include('started again');
  });

  it('keeps its workers where a new one cannot start', async () => {
    const { gateway, url } = await start();
    const before = await workers(url);
    // Read again by every new worker.
    writeFileSync(join(sandbox.folder, '.env'), 'SHUTDOWN_TIMEOUT=soon\n');
    gateway.child.kill('SIGUSR2');
    await gateway.prints('stderr', /a new worker did not start: the others stay as they are/);
    expect(await workers(url)).to.deep.equal(before);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
  });
});
