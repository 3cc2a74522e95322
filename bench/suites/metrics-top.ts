import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createElastic, type Elastic, type ElasticRequest } from '../../src/elastic/client.js';
import { parseQuery, type QueryFlags } from '../../src/report/query.js';
import type { Source } from '../../src/report/source.js';
import { runTop } from '../../src/report/top.js';
import { loadConfig } from '../../src/config/load.js';
import { median } from '../load/percentiles.js';
import type { ElasticsearchServer } from '../targets/elasticsearch-server.js';
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

export async function measureTop({ records, server, dir, say }: TopOptions): Promise<TopResult> {
  const log = join(dir, 'top');
  writeRecordLog(log, records, HOURS);
  const report = (source: Source, connect: <T>(work: (elastic: Elastic) => Promise<T>) => Promise<T>, index = ''): Promise<unknown> => runTop({
    query: parseQuery(FLAGS, Date.now()), source, local: { dir: log, maxBytes: Infinity }, elasticsearch: { enabled: source === 'elasticsearch', index, connect }, note: () => undefined,
  });
  const nobody = (): Promise<never> => Promise.reject(new Error('not asked'));
  const buildSeconds = await seconds(() => report('local', nobody));
  const before = process.cpuUsage();
  const localSeconds = await medianSeconds(() => report('local', nobody));
  const { user, system } = process.cpuUsage(before);
  const localCpuSeconds = (user + system) / 1e6 / ROUNDS;
  say(`top  local: ${localSeconds?.toFixed(2) ?? ''} s, ${localCpuSeconds.toFixed(2)} s of CPU, the cache built in ${buildSeconds.toFixed(1)} s`);
  const remote = server === undefined ? undefined : await inElasticsearch(log, server, report, say);
  return { records, buildSeconds, localSeconds, localCpuSeconds, elasticsearchSeconds: remote?.report, aggregationSeconds: remote?.bare };
}

/** The report and its bare search requests in turns, over the same records in one index that the gateway prepared. */
async function inElasticsearch(
  log: string, server: ElasticsearchServer, report: (source: Source, connect: <T>(work: (elastic: Elastic) => Promise<T>) => Promise<T>, index: string) => Promise<unknown>, say: TopOptions['say'],
): Promise<{ report: number | undefined; bare: number | undefined }> {
  const index = `bench-${randomBytes(4).toString('hex')}`;
  const env = {
    ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: server.url, ELASTICSEARCH_INDEX: index, ELASTICSEARCH_LAYOUT: 'single',
    ...(server.username === undefined ? {} : { ELASTICSEARCH_USERNAME: server.username, ELASTICSEARCH_PASSWORD: server.password ?? '' }),
  };
  const made = spawnSync(process.execPath, [BINARY, 'es', 'init', '--yes'], { env: { ...process.env, ...env }, cwd: log, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`es init: ${made.stderr}`);
  const elastic = createElastic(loadConfig({ env, cwd: log }).elasticsearch);
  try {
    for (const file of readdirSync(log).filter((name) => name.endsWith('.ndjson')).sort()) await rawBulk([join(log, file)], server, index);
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
      whole.push(await seconds(() => report('elasticsearch', (work) => work(noting), index)));
      const again = asked.filter(({ path }) => path.endsWith('/_search'));
      await forget();
      bare.push(await seconds(async () => { for (const request of again) await elastic.request(request); }));
    }
    say(`top  Elasticsearch: ${median(whole)?.toFixed(2) ?? ''} s, the bare searches ${median(bare)?.toFixed(2) ?? ''} s`);
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
