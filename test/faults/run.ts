import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LLMock } from '@copilotkit/aimock';
import { createElastic } from '../../src/elastic/client.js';
import { writerRole } from '../../src/elastic/roles.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { freePorts } from '../support/elasticsearch/ports.js';
import { ensureBuilt } from '../support/built-gateway.js';
import { ownServer } from '../support/own-server.js';
import { DrainWatch } from './drain-watch.js';
import { FAULTS, type Fault, type World } from './faults.js';
import { GatewayUnderTest } from './gateway-under-test.js';
import { Load } from './load.js';
import { prove } from './proof.js';
import { Random } from './random.js';

/**
 * The promise under fire: load through the official SDK, faults at random from a seed, then a drain
 * and a comparison of ids and fields both ways. Exit code 1 where anything was lost or doubled.
 *
 *   npm run test:faults                                                    every fault once, in a few minutes
 *   npm run test:faults -- --seed 7 --kills 50 --outages 20 --refusals 12  the long form
 */
const { values } = parseArgs({ options: {
  seed: { type: 'string' }, workers: { type: 'string', default: '2' },
  kills: { type: 'string', default: String(ofKind('kill').length) }, outages: { type: 'string', default: String(ofKind('outage').length) },
  refusals: { type: 'string', default: String(ofKind('refusal').length) },
  clients: { type: 'string', default: '6' }, 'pause-ms': { type: 'string', default: '15' },
} });
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const random = new Random(seed);
const DRAIN_TIMEOUT_MS = 8 * 60_000;

const say = (text: string): void => { process.stdout.write(`${text}\n`); };
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

say(`npm run test:faults -- --seed ${String(seed)} --kills ${values.kills} --outages ${values.outages} --refusals ${values.refusals} --workers ${values.workers}`);
await ensureBuilt();
const dir = await mkdtemp(join(tmpdir(), 'gateway-faults-'));
const server = await ownServer();
const proxy = await FaultProxy.start(server.urls[0] ?? '');
const access = { enabled: true, tlsVerify: true, index: 'ai-gateway-metrics' };
const admin = createElastic({ ...access, urls: server.urls, ...(server.username !== undefined && { username: server.username }), ...(server.password !== undefined && { password: server.password }) });
const mock = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent' });
mock.on({ predicate: () => true }, { content: 'A short answer that is streamed in a few pieces.' });

const password = 'the-first-password';
const passwordFile = join(dir, 'password');
await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
const role = writerRole(access.index);
for (const [path, body] of [
  ['/_security/role/gateway-faults', { cluster: [...role.cluster, 'manage_ilm', 'manage_index_templates'], indices: role.indices }],
  ['/_security/user/gateway-faults', { password, roles: ['gateway-faults'] }],
] as const) {
  const answer = await admin.request({ method: 'PUT', path, body });
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
}

const [port = 0] = await freePorts(1);
const telemetryDir = join(dir, 'telemetry');
const gateway = new GatewayUnderTest({
  port, workers: Number(values.workers), logFile: join(dir, 'gateway.log'),
  env: {
    HOME: dir, TELEMETRY_DIR: telemetryDir, ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: proxy.url, ELASTICSEARCH_USERNAME: 'gateway-faults',
    ELASTICSEARCH_PASSWORD_FILE: passwordFile, OPENAI_BASE_URL: await mock.start(), SHUTDOWN_TIMEOUT: '5s',
  },
});
const world: World = { gateway, proxy, server, admin, passwordFile, password, index: access.index };
const load = new Load(gateway.url, Number(values['pause-ms']));
const counts = new Map<string, number>();
let ok = false;
const drains = new DrainWatch();
const sampler = setInterval(() => {
  void gateway.sample();
  void gateway.ready().then((state) => { drains.saw(state?.oldest_unexported_seconds); });
}, 1_000);

try {
  await gateway.start();
  load.start(Number(values.clients));
  await pause(3_000);
  for (const fault of plan()) {
    const ms = random.between(1_500, 6_000);
    say(`${clock()} ${fault.name} (${String(Math.round(ms))} ms)`);
    await fault.run(world, ms);
    counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
    await pause(random.between(300, 2_500));
  }
  await load.stop();
  say(`${clock()} all fixed; draining`);
  const drainMs = await drain();
  const code = await gateway.stop();
  const proof = await prove(load.ledger.received, telemetryDir, admin, access.index);
  const { received, sent, failed } = load.ledger;
  const kinds = (kind: Fault['kind']): number => ofKind(kind).reduce((sum, { name }) => sum + (counts.get(name) ?? 0), 0);
  ok = proof.lost.length === 0 && proof.doubled.length === 0 && proof.different.length === 0 && proof.notExported.length === 0 && code === 0;
  say('');
  say(`server                 Elasticsearch ${server.version}`);
  say(`requests               ${String(sent)} sent, ${String(received.size)} received to the last byte, ${String(failed)} broken off or refused`);
  say(`faults                 ${String(kinds('kill'))} kills of the gateway, ${String(kinds('outage'))} outages, ${String(kinds('refusal'))} refusals`);
  for (const [name, count] of counts) say(`                       ${String(count).padStart(3)} × ${name}`);
  say(`records                ${String(proof.logged)} in the log, ${String(proof.documents)} documents`);
  say(`lost                   ${String(proof.lost.length)}${examples(proof.lost)}${proof.notLogged.length === 0 ? '' : ` (not even logged: ${String(proof.notLogged.length)})`}`);
  say(`not exported           ${String(proof.notExported.length)}${examples(proof.notExported)}`);
  say(`doubled                ${String(proof.doubled.length)}${examples(proof.doubled)}`);
  say(`different              ${String(proof.different.length)}${examples(proof.different)}`);
  say(`longest drain          ${String(Math.round(Math.max(drainMs, drains.longestMs) / 1_000))} s (behind under load for ${String(Math.round(drains.longestMs / 1_000))} s at most)`);
  say(`drain after the last   ${String(Math.round(drainMs / 1_000))} s`);
  say(`peak memory            ${String(gateway.peakRssMb)} MiB in any process of the gateway`);
  say(ok ? 'kept' : `BROKEN; what is left is in ${dir}`);
} finally {
  clearInterval(sampler);
  await load.stop();
  await gateway.stop().catch(() => undefined);
  await proxy.stop();
  await mock.stop();
  await admin.close();
  await server.stop();
  if (ok) await rm(dir, { recursive: true, force: true });
}
process.exit(ok ? 0 : 1);

/** As many faults of each kind as asked for, each about as often as the others, in an order that chance gives. */
function plan(): Fault[] {
  const some = (kind: Fault['kind'], count: number): Fault[] => {
    const faults: Fault[] = [];
    while (faults.length < count) faults.push(...random.shuffle(ofKind(kind)));
    return faults.slice(0, count);
  };
  return random.shuffle([...some('kill', Number(values.kills)), ...some('outage', Number(values.outages)), ...some('refusal', Number(values.refusals))]);
}

function ofKind(kind: Fault['kind']): Fault[] {
  return FAULTS.filter((fault) => fault.kind === kind);
}

/** Waits until nothing is left to send; how long that took. */
async function drain(): Promise<number> {
  const started = performance.now();
  for (;;) {
    const state = await gateway.ready();
    if (state?.state === 'idle' && state.backlog_bytes === 0) return performance.now() - started;
    if (performance.now() - started > DRAIN_TIMEOUT_MS) throw new Error(`did not drain: ${JSON.stringify(state)}; the gateway's log is in ${dir}`);
    await pause(250);
  }
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}

function examples(ids: readonly string[]): string {
  return ids.length === 0 ? '' : `: ${ids.slice(0, 5).join(', ')}`;
}
