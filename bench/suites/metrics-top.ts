import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/load.js';
import { createElastic, type Elastic, type ElasticRequest } from '../../src/elastic/client.js';
import { parseQuery, type QueryFlags } from '../../src/report/query.js';
import type { Source } from '../../src/report/source.js';
import { runTop, type TopOptions as ReportOptions } from '../../src/report/top.js';
import { median } from '../load/percentiles.js';
import { exportEnv, type ElasticsearchServer } from '../targets/elasticsearch-server.js';
import { rawBulk } from './raw-bulk.js';
import { writeRecordLog } from './record-log.js';

/** How long `metrics top` takes over many records; the start of the process is excluded. */
export interface TopResult {
  readonly records: number;
  /** Over the local log, its Parquet cache built. */
  readonly localSeconds: number | undefined;
  /** The first report, which builds the cache. */
  readonly buildSeconds: number | undefined;
  /** CPU of one report over the local log. */
  readonly localCpuSeconds: number | undefined;
  readonly elasticsearchSeconds: number | undefined;
  /** The same search requests without the rest of the report. */
  readonly aggregationSeconds: number | undefined;
}

export interface TopOptions {
  readonly records: number;
  readonly server: ElasticsearchServer | undefined;
  readonly dir: string;
  readonly say: (text: string) => void;
}

const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const HOURS = 24 * 20;
const ROUNDS = 7;
const FLAGS: QueryFlags = { since: '30d', by: ['provider'] };

type Report = (source: Source, elasticsearch: Pick<ReportOptions['elasticsearch'], 'index' | 'connect'>) => Promise<unknown>;
/** For reports that do not ask Elasticsearch. */
const NOBODY = { index: '', connect: (): Promise<never> => Promise.reject(new Error('not asked')) };

export async function measureTop({ records, server, dir, say }: TopOptions): Promise<TopResult> {
  const log = join(dir, 'top');
  const segments = writeRecordLog(log, records, HOURS);
  const report: Report = (source, elasticsearch) => runTop({
    query: parseQuery(FLAGS, Date.now()), source, local: { dir: log, maxBytes: Infinity }, elasticsearch: { enabled: source === 'elasticsearch', ...elasticsearch }, note: () => undefined,
  });
  const buildSeconds = await seconds(() => report('local', NOBODY));
  const before = process.cpuUsage();
  const localSeconds = await medianSeconds(() => report('local', NOBODY));
  const { user, system } = process.cpuUsage(before);
  const localCpuSeconds = (user + system) / 1e6 / ROUNDS;
  say(`top  local: ${localSeconds?.toFixed(2) ?? ''} s, ${localCpuSeconds.toFixed(2)} s of CPU, the cache built in ${buildSeconds.toFixed(1)} s`);
  const remote = server === undefined ? undefined : await inElasticsearch(segments, server, report, dir);
  if (remote !== undefined) say(`top  Elasticsearch: ${remote.report?.toFixed(2) ?? ''} s, the bare searches ${remote.bare?.toFixed(2) ?? ''} s`);
  return { records, buildSeconds, localSeconds, localCpuSeconds, elasticsearchSeconds: remote?.report, aggregationSeconds: remote?.bare };
}

/** The report and its bare search requests in turns, over the same records in one index that the gateway prepared. */
async function inElasticsearch(segments: readonly string[], server: ElasticsearchServer, report: Report, dir: string): Promise<{ report: number | undefined; bare: number | undefined }> {
  const index = `bench-${randomBytes(4).toString('hex')}`;
  const env = { ...exportEnv(server, index), ELASTICSEARCH_LAYOUT: 'single' };
  const made = spawnSync(process.execPath, [BINARY, 'es', 'init', '--yes'], { env: { ...process.env, ...env }, cwd: dir, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`es init: ${made.stderr}`);
  const elastic = createElastic(loadConfig({ env, cwd: dir }).elasticsearch);
  try {
    // One after the other: all bodies at once would not fit into memory.
    for (const segment of segments) await rawBulk([segment], server, index);
    await elastic.request({ method: 'POST', path: `/${index}/_refresh`, timeoutMs: 120_000 });
    let asked: ElasticRequest[] = [];
    const noting: Elastic = { ...elastic, request: (request) => { asked.push(request); return elastic.request(request); } };
    // Elasticsearch keeps the answer to a request that it has met.
    const forget = (): Promise<unknown> => elastic.request({ method: 'POST', path: `/${index}/_cache/clear` });
    const whole: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      asked = [];
      await forget();
      whole.push(await seconds(() => report('elasticsearch', { index, connect: (work) => work(noting) })));
      const again = asked.filter(({ path }) => path.endsWith('/_search'));
      await forget();
      bare.push(await seconds(async () => { for (const request of again) await elastic.request(request); }));
    }
    return { report: median(whole), bare: median(bare) };
  } finally {
    await elastic.close();
    await server.remove(index);
  }
}

async function medianSeconds(work: () => Promise<unknown>): Promise<number | undefined> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await seconds(work));
  return median(times);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}
