import { recordField, type FieldType, type RecordFieldName } from '../domain/record-fields.js';
import type { FoundGroup, GroupSearch } from '../elastic/metrics-search.js';
import type { FieldValue, Filter } from './filter.js';
import { ABORTED, LATENCY_RANGE_MS } from './metrics.js';
import type { MetricsQuery } from './query.js';
import type { Group } from './row.js';

type Json = Record<string, unknown>;

const PERCENTS = [50, 95, 99];

const IS_ABORTED = { term: { error_type: ABORTED } };
const known = (field: RecordFieldName): Json => ({ range: { [field]: { gte: LATENCY_RANGE_MS.min, lte: LATENCY_RANGE_MS.max } } });

/** Metrics of each group, in aggregations that every supported version has. */
const AGGREGATIONS: Json = {
  errors: { filter: { bool: { should: [
    { range: { error_count: { gt: 0 } } },
    { bool: { filter: [{ exists: { field: 'end_reason' } }], must_not: [{ term: { end_reason: 'complete' } }] } },
  ], must_not: [IS_ABORTED], minimum_should_match: 1 } } },
  aborted: { filter: IS_ABORTED },
  total: {
    filter: known('total_latency_ms'),
    aggs: {
      latency: { stats: { field: 'total_latency_ms' } },
      percentiles: { percentiles: { field: 'total_latency_ms', percents: PERCENTS, keyed: false, hdr: { number_of_significant_value_digits: 3 } } },
    },
  },
  provider: { filter: known('provider_latency_ms'), aggs: { latency: { stats: { field: 'provider_latency_ms' } } } },
  input_tokens: { stats: { field: 'input_tokens' } },
  output_tokens: { stats: { field: 'output_tokens' } },
  total_tokens: { stats: { field: 'total_tokens' } },
  timed: {
    filter: { bool: { filter: [{ exists: { field: 'output_tokens' } }, known('total_latency_ms')] } },
    aggs: { tokens: { sum: { field: 'output_tokens' } }, ms: { sum: { field: 'total_latency_ms' } } },
  },
  cost: { stats: { field: 'cost' } },
};

/** The query as a search of the name `index`. */
export function compileSearch(query: MetricsQuery, index: string): GroupSearch {
  const time = { range: { timestamp: { gte: query.since, lt: query.until, format: 'epoch_millis' } } };
  return {
    index,
    by: query.by,
    query: { bool: { filter: [time, ...query.filters.map(clause)] } },
    aggregations: AGGREGATIONS,
  };
}

/** What the server found of a group. Its sums are 0 where nothing was added up; its counts tell. */
export function foundGroup(by: readonly RecordFieldName[], { key, count, aggregations }: FoundGroup): Group {
  const stats = (name: string, figure: 'sum' | 'avg', within: Json = aggregations): number | null => {
    const found = within[name] as { count: number; sum: number; avg: number | null } | undefined;
    return found === undefined || found.count === 0 ? null : found[figure];
  };
  const total = (aggregations['total'] ?? {}) as Json;
  const provider = (aggregations['provider'] ?? {}) as Json;
  const timed = aggregations['timed'] as { doc_count: number; tokens: { value: number }; ms: { value: number } } | undefined;
  const untimed = timed === undefined || timed.doc_count === 0;
  return {
    key: by.map((field, i) => keyValue(recordField(field)?.type ?? 'keyword', key[i])),
    requests: count,
    errors: counted(aggregations['errors']),
    aborted: counted(aggregations['aborted']),
    latencyMeanMs: stats('latency', 'avg', total),
    latencyP50Ms: percentile(total, 0),
    latencyP95Ms: percentile(total, 1),
    latencyP99Ms: percentile(total, 2),
    providerLatencyMeanMs: stats('latency', 'avg', provider),
    inputTokens: stats('input_tokens', 'sum'),
    outputTokens: stats('output_tokens', 'sum'),
    totalTokens: stats('total_tokens', 'sum'),
    timedOutputTokens: untimed ? null : timed.tokens.value,
    timedLatencyMs: untimed ? null : timed.ms.value,
    cost: stats('cost', 'sum'),
  };
}

function counted(filter: unknown): number {
  return (filter as { doc_count: number } | undefined)?.doc_count ?? 0;
}

/** The histogram answers the upper end of the value's bucket, less than a whole millisecond above it up to a second. */
function percentile(aggregations: Json, i: number): number | null {
  const found = aggregations['percentiles'] as { values: { value: number | null }[] } | undefined;
  const value = found?.values[i]?.value;
  return typeof value === 'number' ? Math.floor(value) : null;
}

/** 7.17 answers truth in numbers. */
function keyValue(type: FieldType, value: unknown): FieldValue {
  if (value === null || value === undefined) return null;
  if (type === 'boolean') return value === true || value === 1 || value === 'true';
  return type === 'keyword' ? value as string : Number(value);
}

function clause({ field, values, negated }: Filter): Json {
  const present = values.filter((value) => value !== null);
  const should = [
    ...(present.length === 0 ? [] : [{ terms: { [field]: present } }]),
    ...(present.length < values.length ? [{ bool: { must_not: [{ exists: { field } }] } }] : []),
  ];
  return negated ? { bool: { must_not: should } } : { bool: { should, minimum_should_match: 1 } };
}
