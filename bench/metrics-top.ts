import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLogFiles } from '../src/report/log-files.js';
import { parseQuery, type QueryFlags } from '../src/report/query.js';
import { runTop, type MetricsReport } from '../src/report/top.js';
import { segmentName } from '../src/telemetry/segments.js';
import { DEAD_PID, sampleLines } from '../test/integration/report/sample-records.js';

/**
 * How long `gateway metrics top` takes over a large log, without the start of the process.
 * Usage: tsx bench/metrics-top.ts [RECORDS [DIR]]   (10,000,000 unless given: about 6 GB of disk).
 * With DIR the records are kept there, and met again by the next run.
 */
const RECORDS = Number(process.argv[2] ?? 10_000_000);
const CHUNK = 50_000;
const SEGMENT_BYTES = 64 * 1024 ** 2;
const BEGIN = Date.UTC(2000, 0, 1);
const ROUNDS = 5;

const kept = process.argv[3];
const dir = kept ?? await mkdtemp(join(tmpdir(), 'gateway-bench-'));
try {
  await mkdir(dir, { recursive: true });
  if ((await findLogFiles(dir)).length === 0) await makeRecords();
  const files = await findLogFiles(dir);
  console.log(`${RECORDS.toLocaleString('en-US')} records, ${(files.reduce((sum, file) => sum + file.bytes, 0) / 1024 ** 2).toFixed(0)} MiB in ${String(files.length)} segments`);

  const report = (flags: QueryFlags): Promise<MetricsReport> => runTop({
    query: parseQuery({ since: '2000-01-01', ...flags }, Date.now()),
    source: 'local',
    local: { dir, maxBytes: Infinity },
    elasticsearch: { enabled: false, index: '', connect: () => Promise.reject(new Error('not asked')) },
    note: () => undefined,
  });
  const first = performance.now();
  await report({});
  console.log(`first report (it builds the cache, where there is none): ${seconds(first)}`);
  for (const flags of [{ by: ['provider'] }, { by: ['provider,model'] }, { by: ['status_code'] }, { by: ['provider'], filter: ['model=openai-1'] }, { by: ['provider'], since: '2015-01-01', until: '2016-01-01' }]) {
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let round = 0; round < ROUNDS; round++) {
      const begin = performance.now();
      await report(flags);
      times.push(performance.now() - begin);
    }
    const { user, system } = process.cpuUsage(before);
    times.sort((a, b) => a - b);
    console.log(`${JSON.stringify(flags)}: median ${times[ROUNDS >> 1]?.toFixed(0) ?? ''} ms, best ${times[0]?.toFixed(0) ?? ''} ms, worst ${times.at(-1)?.toFixed(0) ?? ''} ms, ${((user + system) / ROUNDS / 1000).toFixed(0)} ms of CPU`);
  }
} finally {
  if (kept === undefined) await rm(dir, { recursive: true, force: true });
}

async function makeRecords(): Promise<void> {
  let [sequence, bytes] = [1, 0];
  for (let i = 0; i < RECORDS; i += CHUNK) {
    const text = sampleLines(Math.min(CHUNK, RECORDS - i), BEGIN + i * 60_000, i + 1).join('');
    await appendFile(join(dir, segmentName(sequence, `${String(DEAD_PID)}-bench`)), text);
    bytes += text.length;
    if (bytes >= SEGMENT_BYTES) [sequence, bytes] = [sequence + 1, 0];
  }
}

function seconds(begin: number): string {
  return `${((performance.now() - begin) / 1000).toFixed(1)} s`;
}
