import { number, table, xy, type Chart } from './lens-charts.js';
import { measure, overTime, ratio, top, type Measure } from './lens-columns.js';

/** A panel of the dashboard; `templates/kibana/equivalents/ID.json` asks Elasticsearch the same by hand. */
export interface Panel {
  /** Stable: saved objects are named by it. */
  readonly id: string;
  readonly title: string;
  /** In grid units: the dashboard is 48 wide. */
  readonly width: number;
  readonly height: number;
  readonly chart: Chart;
}

/** Buckets of a split: more than there are providers, and no chart draws more. */
const MANY = 50;
const ABORTED = 'error_type : "client_closed"';
/** As `gateway metrics top` counts errors. */
const FAILED = `(error_count > 0 or (end_reason : * and not end_reason : "complete")) and not ${ABORTED}`;
/** Of unpriced calls the cost is unknown, so their tokens must not make the others cheaper. */
const PRICED = 'cost : * and total_tokens : *';

const REQUESTS: Measure = { of: 'count' };
const COST: Measure = { of: 'sum', field: 'cost' };
const TOKENS: Measure = { of: 'sum', field: 'total_tokens' };
const latency = (percentile: number): Measure => ({ of: 'percentile', field: 'total_latency_ms', percentile });

const small = (id: string, title: string, chart: Chart): Panel => ({ id, title, chart, width: 12, height: 6 });
const half = (id: string, title: string, chart: Chart): Panel => ({ id, title, chart, width: 24, height: 13 });

/** The panels in reading order: the guide's five views first, then what the gateway knows beyond them. */
export const PANELS: readonly Panel[] = [
  small('total-requests', 'Requests', number(measure('y', 'Requests', REQUESTS, 'count'))),
  small('total-cost', 'Cost (US$)', number(measure('y', 'Cost (US$)', COST, 'dollars'))),
  small('total-tokens', 'Tokens', number(measure('y', 'Tokens', TOKENS, 'count'))),
  small('total-p95', '95th percentile of latency (ms)', number(measure('y', 'p95 (ms)', latency(95), 'milliseconds'))),

  half('requests', 'Request volume over time', xy('bar_stacked', overTime('x'), [measure('y', 'Requests', REQUESTS, 'count')], top('s', 'Provider', 'provider', 10, 'y'))),
  half('error-rate', 'Error rate by provider', xy('line', overTime('x'), [ratio('y', 'Error rate', { of: 'count', filter: FAILED }, REQUESTS, 'share')], top('s', 'Provider', 'provider', MANY))),

  half('latency-mean', 'Mean latency by provider', xy('line', overTime('x'), [measure('y', 'Mean latency (ms)', { of: 'average', field: 'total_latency_ms' }, 'milliseconds')], top('s', 'Provider', 'provider', 10, 'y'))),
  half('latency-percentiles', 'Latency: median, 95th and 99th percentile', xy('line', overTime('x'), [50, 95, 99].map((p) => measure(`p${String(p)}`, `p${String(p)} (ms)`, latency(p), 'milliseconds')))),
  half('latency-by-model', 'Latency by provider and model', table(
    [top('a', 'Provider', 'provider', MANY, 'n'), top('b', 'Model', 'model', MANY, 'n')],
    [
      measure('n', 'Requests', REQUESTS, 'count'), measure('mean', 'Mean (ms)', { of: 'average', field: 'total_latency_ms' }, 'milliseconds'),
      measure('p95', 'p95 (ms)', latency(95), 'milliseconds'), measure('p99', 'p99 (ms)', latency(99), 'milliseconds'),
      measure('theirs', 'Provider, mean (ms)', { of: 'average', field: 'provider_latency_ms' }, 'milliseconds'),
    ],
  )),
  half('time-to-first-token', 'Time to first token of streams', xy('line', overTime('x'), [50, 95].map((p) => measure(`p${String(p)}`, `p${String(p)} (ms)`, { of: 'percentile', field: 'time_to_first_token_ms', percentile: p }, 'milliseconds')))),

  half('tokens', 'Token usage over time', xy('bar_stacked', overTime('x'), [
    measure('in', 'Input tokens', { of: 'sum', field: 'input_tokens' }, 'count'), measure('out', 'Output tokens', { of: 'sum', field: 'output_tokens' }, 'count'),
  ])),
  half('tokens-by-model', 'Tokens by model', xy('bar_horizontal_stacked', top('x', 'Model', 'model', 15, 'in'), [
    measure('in', 'Input tokens', { of: 'sum', field: 'input_tokens' }, 'count'), measure('out', 'Output tokens', { of: 'sum', field: 'output_tokens' }, 'count'),
  ])),
  half('cache-share', 'Share of input tokens read from the provider\'s cache', xy('line', overTime('x'), [
    ratio('y', 'Cached share', { of: 'sum', field: 'cached_tokens' }, { of: 'sum', field: 'input_tokens' }, 'share'),
  ], top('s', 'Provider', 'provider', MANY))),
  half('errors', 'Errors by provider, status and type', table(
    [
      top('a', 'Provider', 'provider', MANY, 'n'), top('b', 'Status', 'status_code', MANY, 'n'), top('d', 'Gateway\'s error', 'error_type', MANY, 'n'),
      top('c', 'Provider\'s error', 'provider_error_type', MANY, 'n'),
    ],
    [measure('n', 'Requests', REQUESTS, 'count')], FAILED,
  )),
  half('aborted', 'Requests that their client left, by provider', xy('bar_stacked', overTime('x'), [measure('y', 'Aborted requests', REQUESTS, 'count')], top('s', 'Provider', 'provider', MANY, 'y'), ABORTED)),

  half('cost', 'Cost over time by model', xy('bar_stacked', overTime('x'), [measure('y', 'Cost (US$)', COST, 'dollars')], top('s', 'Model', 'model', 10, 'y'))),
  half('cost-per-thousand-tokens', 'Cost per 1,000 tokens by model, of priced calls', table(
    [top('a', 'Provider', 'provider', MANY, 'cost'), top('b', 'Model', 'model', MANY, 'cost')],
    [measure('cost', 'Cost (US$)', COST, 'dollars'), measure('tokens', 'Tokens', TOKENS, 'count'), ratio('y', 'US$ per 1,000 tokens', { ...COST, filter: PRICED }, { ...TOKENS, filter: PRICED }, 'dollars', 1000)],
  )),
  half('cost-by-client', 'Cost by client of the gateway', xy('bar_horizontal', top('x', 'Client', 'client', 15, 'y'), [measure('y', 'Cost (US$)', COST, 'dollars')])),
  half('rate-limited', 'Share of requests answered with 429', xy('line', overTime('x'), [ratio('y', '429 rate', { of: 'count', filter: 'status_code : 429' }, REQUESTS, 'share')], top('s', 'Provider', 'provider', MANY))),
  half('overhead', 'The gateway\'s own share of latency', xy('line', overTime('x'), [
    measure('mean', 'Mean (µs)', { of: 'average', field: 'overhead_us' }, 'microseconds'), measure('p99', 'p99 (µs)', { of: 'percentile', field: 'overhead_us', percentile: 99 }, 'microseconds'),
  ])),
];
