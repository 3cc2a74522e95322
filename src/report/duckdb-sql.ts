import { recordField, type RecordFieldName } from '../domain/record-fields.js';
import { duckDbType } from './duckdb-schema.js';
import type { SqlValue } from './duckdb-session.js';
import type { FieldValue, Filter } from './filter.js';
import { ABORTED, isMetric, LATENCY_RANGE_MS, type MetricName } from './metrics.js';
import { percentile, quantiles } from './nearest-rank.js';
import type { MetricsQuery } from './query.js';
import type { Group } from './row.js';

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

const COUNTED: readonly RecordFieldName[] = [
  'timestamp', 'error_count', 'error_type', 'end_reason', 'total_latency_ms', 'provider_latency_ms', 'input_tokens', 'output_tokens', 'total_tokens', 'cost',
];

/** The metrics in terms of what `counted` holds. */
type Expressions = Readonly<Record<MetricName, string>>;

const EXPRESSIONS: Expressions = {
  requests: 'requests',
  errors: 'errors',
  error_rate: 'errors / requests',
  aborted: 'aborted',
  latency_mean_ms: 'latency_mean',
  latency_p50_ms: percentile(50, 'latencies', 'timed'),
  latency_p95_ms: percentile(95, 'latencies', 'timed'),
  latency_p99_ms: percentile(99, 'latencies', 'timed'),
  provider_latency_mean_ms: 'provider_latency_mean',
  input_tokens: 'tokens_in',
  output_tokens: 'tokens_out',
  total_tokens: 'tokens_all',
  tokens_per_second: 'timed_tokens / nullif(timed_ms, 0)',
  cost: 'dollars',
};

/** With one record per group, its latency is every percentile: millions of such groups need no lists. */
const OF_ONE_RECORD: Expressions = { ...EXPRESSIONS, latency_p50_ms: 'latencies', latency_p95_ms: 'latencies', latency_p99_ms: 'latencies' };

const IS_ABORTED = `coalesce(error_type = '${ABORTED}', false)`;
const known = (field: RecordFieldName): string => `${field} BETWEEN ${String(LATENCY_RANGE_MS.min)} AND ${String(LATENCY_RANGE_MS.max)}`;
const TIMED = known('total_latency_ms');

const RESULT = [
  'requests', 'errors', 'aborted', 'latency_mean_ms', 'latency_p50_ms', 'latency_p95_ms', 'latency_p99_ms', 'provider_latency_mean_ms', 'input_tokens', 'output_tokens', 'total_tokens',
] as const satisfies readonly MetricName[];

/** Fields that the query reads. */
export function fieldsOf(query: MetricsQuery): RecordFieldName[] {
  return [...new Set([...COUNTED, ...query.by, ...query.filters.map(({ field }) => field)])];
}

/**
 * The query over `records`, a SELECT with `fieldsOf(query)`. A row of the answer is the key, the
 * columns that `groupOf` reads, and the number of all groups.
 */
export function compileSql(query: MetricsQuery, records: string): Statement {
  const { sort, limit } = query;
  const single = query.by.includes('request_id');
  const expressions = single ? OF_ONE_RECORD : EXPRESSIONS;
  const keys = query.by.map((field, i) => ({ field, name: `k${String(i)}` }));
  const filters = query.filters.map(condition);
  const column = sort.column;
  const sorted = isMetric(column) ? expressions[column] : keys.find(({ field }) => field === column)?.name ?? 'requests';
  const sql = `
WITH records AS (${records}),
counted AS (
  SELECT ${keys.map(({ field, name }) => `${field} AS ${name},`).join(' ')}
    count(*) AS requests,
    count(*) FILTER ((error_count > 0 OR end_reason <> 'complete') AND NOT ${IS_ABORTED}) AS errors,
    count(*) FILTER (${IS_ABORTED}) AS aborted,
    count(*) FILTER (${TIMED}) AS timed,
    avg(total_latency_ms) FILTER (${TIMED}) AS latency_mean,
    ${single ? 'min(total_latency_ms)' : quantiles('total_latency_ms')} FILTER (${TIMED}) AS latencies,
    avg(provider_latency_ms) FILTER (${known('provider_latency_ms')}) AS provider_latency_mean,
    sum(input_tokens) AS tokens_in,
    sum(output_tokens) AS tokens_out,
    sum(total_tokens) AS tokens_all,
    sum(output_tokens) FILTER (${TIMED}) AS timed_tokens,
    sum(total_latency_ms) FILTER (output_tokens IS NOT NULL AND ${TIMED}) AS timed_ms,
    sum(CAST(cost AS DOUBLE)) AS dollars
  FROM records
  WHERE timestamp >= make_timestamp_ms(CAST(? AS BIGINT)) AND timestamp < make_timestamp_ms(CAST(? AS BIGINT))${filters.map(({ sql: text }) => `\n    AND ${text}`).join('')}
  ${keys.length === 0 ? '' : `GROUP BY ${keys.map(({ name }) => name).join(', ')}`}
  HAVING count(*) > 0
)
SELECT ${[
    ...keys.map(({ name }) => name),
    ...RESULT.map((metric) => `CAST(${expressions[metric]} AS DOUBLE)`),
    'CAST(timed_tokens AS DOUBLE)', 'CAST(timed_ms AS DOUBLE)', 'dollars', 'CAST(count(*) OVER () AS DOUBLE)',
  ].join(', ')}
FROM counted
ORDER BY ${[`${sorted} ${sort.descending ? 'DESC' : 'ASC'} NULLS LAST`, ...keys.map(({ name }) => `${name} ASC NULLS LAST`)].join(', ')}
${limit === undefined ? '' : `LIMIT ${String(limit)}`}`;
  return { sql, values: [query.since, query.until, ...filters.flatMap(({ values }) => values)] };
}

/** A row of the answer to `compileSql`, and the number of all groups. */
export function groupOf(query: MetricsQuery, row: readonly unknown[]): { group: Group; groupCount: number } {
  const key = query.by.map((_, i) => keyValue(row[i]));
  const numbers = row.slice(key.length) as (number | null)[];
  const [requests, errors, aborted, mean, p50, p95, p99, provider, input, output, total, timedTokens, timedMs, dollars, groups] = numbers;
  return {
    group: {
      key,
      requests: requests ?? 0,
      errors: errors ?? 0,
      aborted: aborted ?? 0,
      latencyMeanMs: mean ?? null,
      latencyP50Ms: p50 ?? null,
      latencyP95Ms: p95 ?? null,
      latencyP99Ms: p99 ?? null,
      providerLatencyMeanMs: provider ?? null,
      inputTokens: input ?? null,
      outputTokens: output ?? null,
      totalTokens: total ?? null,
      timedOutputTokens: timedTokens ?? null,
      timedLatencyMs: timedMs ?? null,
      cost: dollars ?? null,
    },
    groupCount: groups ?? 0,
  };
}

function keyValue(value: unknown): FieldValue {
  return typeof value === 'bigint' ? Number(value) : (value ?? null) as FieldValue;
}

/** Values are bound, never written into the text. */
function condition({ field, values, negated }: Filter): Statement {
  const present = values.filter((value) => value !== null);
  const type = duckDbType(recordField(field)?.type ?? 'keyword');
  const parts = [
    ...(present.length === 0 ? [] : [`coalesce(${field} IN (${present.map(() => `CAST(? AS ${type})`).join(', ')}), false)`]),
    ...(present.length < values.length ? [`${field} IS NULL`] : []),
  ];
  return { sql: `${negated ? 'NOT ' : ''}(${parts.join(' OR ')})`, values: present };
}
