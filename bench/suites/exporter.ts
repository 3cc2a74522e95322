import { randomBytes } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median } from '../load/percentiles.js';
import { cpuMs, processTree, residentMb, TARGET_CORE } from '../machine/proc.js';
import { start, stop } from '../machine/spawn.js';
import { AS_ADMIN, exportEnv, type ElasticsearchServer } from '../targets/elasticsearch-server.js';
import { freePort } from './free-port.js';
import { rawBulk } from './raw-bulk.js';
import { writeRecordLog } from './record-log.js';

/** How fast a backlog goes out, beside a raw bulk loop over the same documents. */
export interface ExporterResult {
  readonly records: number;
  /** Records a second, medians over the rounds. */
  readonly perSecond: number | undefined;
  readonly rawPerSecond: number | undefined;
  /** CPU of the whole gateway process while it exports, microseconds per record. */
  readonly cpuUsPerRecord: number | undefined;
  /** Highest resident memory meanwhile, megabytes. */
  readonly peakMb: number;
  readonly rounds: number;
}

export interface ExporterOptions {
  readonly server: ElasticsearchServer;
  readonly records: number;
  readonly rounds: number;
  readonly dir: string;
  readonly say: (text: string) => void;
}

const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const START_MS = 30_000;
const LONGEST_MS = 900_000;
const POLL_MS = 100;

interface Export {
  readonly perSecond: number;
  readonly cpuUsPerRecord: number;
  readonly peakMb: number;
}

export async function measureExporter(options: ExporterOptions): Promise<ExporterResult> {
  const { server, records, rounds, dir, say } = options;
  const full = join(dir, 'backlog');
  const segments = writeRecordLog(full, records, 0.01);
  const exports: Export[] = [];
  const raw: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const index = `bench-${randomBytes(4).toString('hex')}`;
    const copy = join(dir, `backlog-${round}`);
    cpSync(full, copy, { recursive: true });
    try {
      const one = await exportBacklog(copy, index, options);
      exports.push(one);
      // Under the template that the gateway made, so that both write the same kind of index.
      const loop = await rawBulk(segments, server, `${index}-raw`);
      raw.push(loop);
      say(`exporter  round ${round + 1}: ${one.perSecond.toFixed(0)} records/s, ${one.cpuUsPerRecord.toFixed(1)} µs CPU each, raw loop ${loop.toFixed(0)}/s`);
    } finally {
      await server.remove(index);
      rmSync(copy, { recursive: true, force: true });
    }
  }
  return {
    records, rounds,
    perSecond: median(exports.map(({ perSecond }) => perSecond)),
    rawPerSecond: median(raw),
    cpuUsPerRecord: median(exports.map(({ cpuUsPerRecord }) => cpuUsPerRecord)),
    peakMb: Math.max(...exports.map(({ peakMb }) => peakMb)),
  };
}

/** Starts a gateway over a full log and waits until all of it is in Elasticsearch. */
async function exportBacklog(telemetryDir: string, index: string, { server, records, dir }: ExporterOptions): Promise<Export> {
  const port = await freePort();
  const child = start([process.execPath, BINARY, 'serve'], {
    core: TARGET_CORE, cwd: dir, log: join(dir, 'exporter.log'),
    env: {
      PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'warn', TELEMETRY_DIR: telemetryDir,
      ...exportEnv(server, index),
    },
  });
  try {
    await backlog(port, START_MS);
    const pids = processTree(child.pid as number);
    const startedAt = performance.now();
    const cpuBefore = cpuMs(pids);
    let peakMb = 0;
    const until = async (holds: () => Promise<boolean>): Promise<void> => {
      while (!await holds()) {
        if (performance.now() - startedAt > LONGEST_MS) throw new Error('the export did not end');
        peakMb = Math.max(peakMb, residentMb(pids));
        await sleep(POLL_MS);
      }
    };
    // By what Elasticsearch has: the gateway says once a second how far it is.
    await until(async () => await server.written(index) >= records);
    const ms = performance.now() - startedAt;
    await until(async () => await backlog(port, START_MS) === 0);
    return { perSecond: records / ms * 1000, cpuUsPerRecord: (cpuMs(pids) - cpuBefore) * 1000 / records, peakMb };
  } finally {
    await stop(child);
  }
}

/** Bytes that are not exported yet; waits for the gateway to answer at all. */
async function backlog(port: number, timeoutMs: number): Promise<number | null> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/ready`, AS_ADMIN);
      return (await answer.json() as { elasticsearch: { backlog_bytes: number | null } }).elasticsearch.backlog_bytes;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(20);
    }
  }
}
