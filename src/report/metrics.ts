/** How a number is written for people. */
export type MetricFormat = 'count' | 'percent' | 'milliseconds' | 'rate' | 'dollars';

export interface Metric {
  /** Its name in JSON and CSV, fixed. */
  readonly name: string;
  /** Its head in a table; what has none stands only in JSON and CSV. */
  readonly title?: string;
  readonly format: MetricFormat;
}

/**
 * Latencies outside of this range (milliseconds) are unknown to a report: another writer's, or of a clock that was set. The histogram of
 * Elasticsearch fails a whole search for one that is negative or far too large.
 */
export const LATENCY_RANGE_MS = { min: 0, max: 1e12 } as const;

/** The `error_type` of a call that its client left before the answer was complete: counted as aborted, not as an error. */
export const ABORTED = 'client_closed';

/** The columns of a report after those of its groups, in their order. */
export const METRICS = [
  { name: 'requests', title: 'requests', format: 'count' },
  { name: 'errors', title: 'errors', format: 'count' },
  { name: 'error_rate', title: 'err %', format: 'percent' },
  { name: 'aborted', title: 'aborted', format: 'count' },
  { name: 'latency_mean_ms', title: 'mean ms', format: 'milliseconds' },
  { name: 'latency_p50_ms', title: 'p50 ms', format: 'milliseconds' },
  { name: 'latency_p95_ms', title: 'p95 ms', format: 'milliseconds' },
  { name: 'latency_p99_ms', title: 'p99 ms', format: 'milliseconds' },
  { name: 'provider_latency_mean_ms', title: 'prov. ms', format: 'milliseconds' },
  { name: 'input_tokens', title: 'tok in', format: 'count' },
  { name: 'output_tokens', title: 'tok out', format: 'count' },
  { name: 'total_tokens', format: 'count' },
  { name: 'tokens_per_second', title: 'tok/s', format: 'rate' },
  { name: 'cost', title: 'cost $', format: 'dollars' },
] as const satisfies readonly Metric[];

export type MetricName = (typeof METRICS)[number]['name'];

export function isMetric(name: string): name is MetricName {
  return METRICS.some((metric) => metric.name === name);
}
