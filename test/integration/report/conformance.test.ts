import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { indexFor } from '../../../src/domain/elastic-names.js';
import { applyPlan } from '../../../src/elastic/init-apply.js';
import { planInit } from '../../../src/elastic/init-plan.js';
import { parseQuery, type QueryFlags } from '../../../src/report/query.js';
import { runTop, type MetricsReport } from '../../../src/report/top.js';
import type { MetricsRow } from '../../../src/report/row.js';
import { Admin, freshName } from '../elastic/cluster.js';
import { sampleLines, writeSegment } from './sample-records.js';

const RECORDS = 4_000;
const BEGIN = Date.UTC(2026, 10, 20, 7);
const NOW = BEGIN + RECORDS * 60_000 + 1;
const EVERYTHING = { since: '2026-11-20T07:00', until: 'now', limit: 'all' };

/** Every shape of question: groups, ranges, filters, orders, cuts. */
const QUERIES: readonly QueryFlags[] = [
  { by: ['provider'] },
  { by: [''] },
  { by: ['model'] },
  { by: ['provider,model'] },
  { by: ['client,model'] },
  { by: ['path'] },
  { by: ['status_code'] },
  { by: ['provider_status_code,error_type'] },
  { by: ['error_type'] },
  { by: ['end_reason'] },
  { by: ['stream'] },
  { by: ['stream,provider'] },
  { by: ['reasoning_tokens'] },
  { by: ['total_latency_ms'] },
  { by: ['overhead_us,client'] },
  { by: ['gateway_instance,method'] },
  { since: '2026-11-21T00:00', until: '2026-11-21T12:00:00.000' },
  { since: '2026-11-20T07:01', until: '2026-11-20T07:02' },
  { by: ['request_id'], since: '2026-11-22', until: '2026-11-22T05:00Z' },
  { filter: ['provider=openai'] },
  { filter: ['provider=openai,groq', 'stream=true'], by: ['model'] },
  { filter: ['provider!=openai'] },
  { filter: ['model='] },
  { filter: ['model!='], by: ['model'] },
  { filter: ['client!=team-a'], by: ['client'] },
  { filter: ['client!=team-a,'], by: ['client'] },
  { filter: ['client=team-a,équipe,'], by: ['client'] },
  { filter: ['model=模型-😀,=cmd|calc'], by: ['model'] },
  { filter: ['status_code=429,500'], by: ['status_code', 'end_reason'] },
  { filter: ['status_code!=200'], by: ['error_type'] },
  { filter: ['stream!=true'], by: ['stream'] },
  { filter: ['cost='], by: ['provider'] },
  { filter: ['provider=mistral'] },
  { filter: ['overhead_us=7,8,9'], by: ['provider'] },
  { filter: ['total_latency_ms=0,1,2'], by: ['total_latency_ms'] },
  { sort: 'cost', by: ['provider,model'] },
  { sort: '+cost', by: ['model'] },
  { sort: '-latency_p95_ms', by: ['provider,model'] },
  { sort: 'tokens_per_second', by: ['client,provider'] },
  { sort: '+error_rate', by: ['model'] },
  { sort: 'model', by: ['model'] },
  { sort: '-model', by: ['provider,model'] },
  { sort: '-status_code', by: ['status_code'] },
  { sort: '+provider_latency_mean_ms', by: ['provider,model'], limit: '5' },
  { sort: 'requests', by: ['model'], limit: '3' },
  { by: ['request_id'], sort: '-latency_mean_ms', limit: '7' },
  { by: ['overhead_us'], sort: 'output_tokens', limit: '10' },
  { filter: ['provider=nobody'] },
  { filter: ['provider=stranger'] },
  { by: ['provider'], sort: '-aborted' },
];

describe('metrics top on both engines', () => {
  const admin = new Admin();
  const index = freshName();
  let dir = '';

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gateway-conformance-'));
    const lines = [...sampleLines(RECORDS, BEGIN), ...[-3, 9e18].map((ms, i) => impossibleLatency(i, ms))];
    await writeSegment(dir, 1, lines.slice(0, 1_500));
    await writeSegment(dir, 2, lines.slice(1_500, 1_501));
    await writeSegment(dir, 3, lines.slice(1_501), process.pid);
    await applyPlan(admin.elastic, await planInit(admin.elastic, { index }, { now: NOW }));
    const body = lines.map((line) => {
      const { request_id: id, timestamp } = JSON.parse(line) as { request_id: string; timestamp: string };
      return `${JSON.stringify({ create: { _index: indexFor(index, 'daily', timestamp.slice(0, 10)), _id: id } })}\n${line}`;
    }).join('');
    const answer = await admin.must('POST', '/_bulk', body) as { errors: boolean };
    expect(answer.errors).to.equal(false);
    await admin.must('POST', `/${index}/_refresh`);
  });
  after(async () => {
    await rm(dir, { recursive: true, force: true });
    await admin.drop(index);
    await admin.elastic.close();
  });

  const report = (flags: QueryFlags, source: 'local' | 'elasticsearch'): Promise<MetricsReport> => runTop({
    query: parseQuery({ ...EVERYTHING, ...flags }, NOW),
    source,
    local: { dir, maxBytes: 1e9 },
    elasticsearch: { enabled: true, index, connect: (work) => work(admin.elastic) },
    note: () => undefined,
  });

  for (const flags of QUERIES) {
    it(`agree on ${words(flags)}`, async () => {
      const [local, elastic] = await Promise.all([report(flags, 'local'), report(flags, 'elasticsearch')]);
      expect(local.rows.map((row) => exact(row, local.by))).to.deep.equal(elastic.rows.map((row) => exact(row, local.by)));
      for (const [i, row] of local.rows.entries()) expectNear(row, elastic.rows[i] as MetricsRow);
      expect({ ...local, source: '', rows: [] }).to.deep.equal({ ...elastic, source: '', rows: [] });
      expect(local.rows.length > 0).to.equal(!String(flags.filter).includes('nobody'));
    });
  }

  it('count every record once, and add up what the lines say', async () => {
    const lines = sampleLines(RECORDS, BEGIN).map((line) => JSON.parse(line) as Record<string, number | undefined>);
    const sum = (field: string): number => lines.reduce((total, line) => total + (line[field] ?? 0), 0);
    const [row] = (await report({ by: [''] }, 'local')).rows;
    expect(row?.requests).to.equal(RECORDS + 2);
    expect(row?.input_tokens).to.equal(sum('input_tokens'));
    expect(row?.output_tokens).to.equal(sum('output_tokens') + 10);
    expect(row?.cost).to.be.closeTo(sum('cost'), 1e-4);
    expect(row?.latency_mean_ms).to.be.closeTo(sum('total_latency_ms') / RECORDS, 0.001);
    const isAborted = (line: Record<string, unknown>): boolean => line['error_type'] === 'client_closed';
    expect(row?.aborted).to.equal(lines.filter(isAborted).length).and.to.be.above(0);
    expect(row?.errors).to.equal(lines.filter((line) => ((line['error_count'] ?? 0) > 0 || String(line['end_reason']) !== 'complete') && !isAborted(line)).length);
  });
});

/** A record of another writer: its latency says nothing, and it must not break the report of the others. */
function impossibleLatency(i: number, ms: number): string {
  const id = `impossible-${String(i)}`;
  return `${JSON.stringify({ request_id: id, timestamp: new Date(BEGIN + 1).toISOString(), provider: 'stranger', total_latency_ms: ms, provider_latency_ms: ms, output_tokens: 5, error_count: 0, end_reason: 'complete' })}\n`;
}

function words(flags: QueryFlags): string {
  return Object.entries(flags).map(([name, value]) => `--${name} ${JSON.stringify(Array.isArray(value) ? value.join(' ') : value)}`).join(' ');
}

/** What must be the same to the last digit. */
function exact(row: MetricsRow, by: MetricsReport['by']): unknown {
  const { requests, errors, aborted, error_rate: rate, input_tokens: input, output_tokens: output, total_tokens: total } = row;
  return { key: by.map((field) => row[field]), requests, errors, aborted, rate, input, output, total };
}

function expectNear(a: MetricsRow, b: MetricsRow): void {
  for (const percentile of ['latency_p50_ms', 'latency_p95_ms', 'latency_p99_ms'] as const) {
    // The histogram keeps three digits: whole milliseconds up to a second.
    expectShare(a[percentile], b[percentile], Number(a[percentile]) <= 1000 ? 0 : 0.001, percentile);
  }
  for (const fraction of ['latency_mean_ms', 'provider_latency_mean_ms', 'tokens_per_second', 'cost'] as const) expectShare(a[fraction], b[fraction], 1e-9, fraction);
}

function expectShare(a: number | null, b: number | null, share: number, what: string): void {
  if (a === null || b === null) expect(a, what).to.equal(b);
  else expect(Math.abs(a - b), `${what}: ${String(a)} and ${String(b)}`).to.be.at.most(share * Math.abs(a));
}
