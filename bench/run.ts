import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Load } from './load/load.js';
import { makeCertificate } from './machine/certificate.js';
import { LOAD_CORE } from './machine/proc.js';
import { commit, describeMachine } from './machine/description.js';
import { keepOn, stopAll } from './machine/spawn.js';
import { readOptions, USAGE, type BenchOptions, type SuiteName } from './options.js';
import { printResult } from './report/print.js';
import type { BenchResult } from './report/result.js';
import { StandIn } from './stand-in/stand-in.js';
import { measureExporter } from './suites/exporter.js';
import { measureProxies } from './suites/proxy.js';
import { soak } from './suites/soak.js';
import { measureTop } from './suites/metrics-top.js';
import { measureStartTime } from './suites/start-time.js';
import { elasticsearchVersion, realElasticsearch } from './targets/elasticsearch-server.js';
import { installPeers } from './targets/peers.js';
import { chooseTargets, type Targets } from './targets/choose.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const START_RUNS = 20;
const EXPORTER_ROUNDS = 3;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function write(result: BenchResult, out: string | undefined): void {
  if (out === undefined) return;
  const file = resolve(ROOT, out);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, undefined, 1)}\n`);
}

/** Runs the suites asked for; each part of the result is there only if its suite ran. */
async function run(options: BenchOptions, dir: string): Promise<BenchResult> {
  const wants = (suite: SuiteName): boolean => options.suites.includes(suite);
  const certificate = wants('tls') ? makeCertificate(dir) : undefined;
  const standIn = await StandIn.start(join(dir, 'stand-in.log'), certificate);
  const load = new Load(join(dir, 'load.log'));
  const upstream = `http://127.0.0.1:${standIn.port}`;
  const targets = await chooseTargets(options);
  const server = options.elasticsearch === undefined ? undefined : realElasticsearch(options.elasticsearch);
  if (options.elasticsearchPid !== undefined) keepOn(LOAD_CORE, options.elasticsearchPid);
  try {
    const about = await describeRun(options, targets);
    const proxy = wants('proxy') ? await measureProxies({
      ...options, targets: targets.own, peers: targets.peers, only: options.phases, dir, caFile: undefined, upstream, say,
      onRound: (known) => { write({ ...about, proxy: known }, options.out); },
    }, standIn, load) : undefined;
    const tls = wants('tls') && standIn.tlsPort !== undefined ? await measureProxies({
      ...options, targets: targets.tls, peers: [], only: ['json', 'stream-20'], dir: join(dir, 'tls'), caFile: certificate?.caFile,
      upstream: `https://localhost:${standIn.tlsPort}`, say, onRound: () => undefined,
    }, standIn, load) : undefined;
    const soaked = [];
    for (const target of wants('soak') ? targets.soaked : []) {
      soaked.push(await soak({ target, requests: options.soakRequests, connections: options.connections, upstream, dir, say }, standIn, load));
    }
    const exporter = wants('exporter') && server !== undefined ? await measureExporter({
      server, records: options.exporterRecords, rounds: EXPORTER_ROUNDS, dir, say,
    }) : undefined;
    const startTime = wants('start') ? measureStartTime(START_RUNS) : undefined;
    const top = wants('top') ? await measureTop({ records: options.topRecords, server, dir, say }) : undefined;
    return {
      ...about,
      ...(proxy === undefined ? {} : { proxy }),
      ...(tls === undefined ? {} : { tls }),
      ...(soaked.length === 0 ? {} : { soak: soaked }),
      ...(exporter === undefined ? {} : { exporter }),
      ...(startTime === undefined ? {} : { startTime }),
      ...(top === undefined ? {} : { top }),
    };
  } finally {
    targets.stop();
  }
}

async function describeRun(options: BenchOptions, targets: Targets): Promise<Omit<BenchResult, 'proxy'>> {
  return {
    schema: 1,
    date: `${new Date().toISOString().slice(0, 16)}Z`,
    machine: describeMachine(),
    node: process.versions.node,
    commit: commit(ROOT),
    settings: {
      rounds: options.rounds, seconds: options.seconds, connections: options.connections,
      elasticsearch: options.elasticsearch === undefined ? undefined : await elasticsearchVersion(options.elasticsearch),
      elasticsearchPinned: options.elasticsearchPid !== undefined,
    },
    targets: [...targets.own, ...targets.peers].map(({ name, title, version }) => ({ name, title, version })),
  };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (process.platform !== 'linux') throw new Error('the benchmark reads CPU times from /proc: it needs Linux');
  if (options.install) installPeers(say);
  const dir = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  try {
    const result = await run(options, dir);
    write(result, options.out);
    process.stdout.write(printResult(result));
  } finally {
    await stopAll();
    rmSync(dir, { recursive: true, force: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { void stopAll().finally(() => process.exit(1)); });
main().then(() => process.exit(0), (error: unknown) => {
  say(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : String((error as Error).stack));
  process.exit(error instanceof TypeError ? 2 : 1);
});
