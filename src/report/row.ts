import type { RecordFieldName } from '../domain/record-fields.js';
import type { FieldValue } from './filter.js';
import type { MetricName } from './metrics.js';

/** What an engine found of one group; null where no record of the group says. */
export interface Group {
  /** Values of the fields of `by`, in their order; null for records without the field. */
  readonly key: readonly FieldValue[];
  readonly requests: number;
  /** Records with `error_count` > 0 or an `end_reason` other than `complete`, aborted ones left out. */
  readonly errors: number;
  /** Records of calls that their client left: `error_type` is `client_closed`. */
  readonly aborted: number;
  readonly latencyMeanMs: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly providerLatencyMeanMs: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
  /** Output tokens and total latency of the records that have both. */
  readonly timedOutputTokens: number | null;
  readonly timedLatencyMs: number | null;
  readonly cost: number | null;
}

/** One row of the report: the fields of its group, then the metrics. */
export type MetricsRow = Partial<Record<RecordFieldName, FieldValue>> & Record<MetricName, number | null>;

/** The metrics of a group as they were counted: what rows are sorted by. */
export function metricsOf(group: Group): Record<MetricName, number | null> {
  const { requests, errors, timedOutputTokens, timedLatencyMs } = group;
  return {
    requests,
    errors,
    error_rate: requests === 0 ? null : errors / requests,
    aborted: group.aborted,
    latency_mean_ms: group.latencyMeanMs,
    latency_p50_ms: group.latencyP50Ms,
    latency_p95_ms: group.latencyP95Ms,
    latency_p99_ms: group.latencyP99Ms,
    provider_latency_mean_ms: group.providerLatencyMeanMs,
    input_tokens: group.inputTokens,
    output_tokens: group.outputTokens,
    total_tokens: group.totalTokens,
    tokens_per_second: timedOutputTokens === null || timedLatencyMs === null || timedLatencyMs === 0 ? null : timedOutputTokens / timedLatencyMs * 1000,
    cost: group.cost,
  };
}

/**
 * The row of a group. Fractions are cut to what they mean: engines add in different orders, and the
 * last bits of such a sum say nothing.
 */
export function rowOf(by: readonly RecordFieldName[], group: Group): MetricsRow {
  const key = Object.fromEntries(by.map((field, i) => [field, group.key[i] ?? null]));
  const metrics = metricsOf(group);
  return {
    ...key,
    ...metrics,
    error_rate: decimals(metrics.error_rate, 6),
    latency_mean_ms: decimals(metrics.latency_mean_ms, 3),
    provider_latency_mean_ms: decimals(metrics.provider_latency_mean_ms, 3),
    tokens_per_second: decimals(metrics.tokens_per_second, 3),
    cost: metrics.cost === null ? null : Number(metrics.cost.toPrecision(12)),
  };
}

function decimals(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
