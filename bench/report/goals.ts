import type { PhaseName } from '../suites/phases.js';
import type { BenchResult } from './result.js';
import { markdownTable, number } from './format.js';
import { cpu, firstByte, gap99, p99, Summary } from './summary.js';

/** One aim of the project, with what a run says about it. */
export interface Goal {
  readonly kind: 'must' | 'goal' | 'moonshot';
  readonly text: string;
  /** Highest (or, with `atLeast`, lowest) value that meets it. */
  readonly limit: number;
  readonly atLeast?: boolean;
  /** Undefined: not measured in this run. */
  readonly value: number | undefined;
  readonly unit: string;
}

export function verdict({ value, limit, atLeast = false }: Goal): 'met' | 'not met' | 'not measured' {
  if (value === undefined || Number.isNaN(value)) return 'not measured';
  return (atLeast ? value >= limit : value <= limit) ? 'met' : 'not met';
}

/** Every aim, measured or not. */
function goals(result: BenchResult): Goal[] {
  return [...proxyGoals(result), ...exporterGoals(result), ...memoryGoals(result), ...commandGoals(result)];
}

function proxyGoals({ proxy }: BenchResult): Goal[] {
  const summary = proxy === undefined ? undefined : new Summary(proxy);
  const ratio = (target: string, base: string, phase: PhaseName): number | undefined => summary?.ratio(target, base, phase, cpu);
  /** Added latency of ours ÷ that of the bare proxy. */
  const against = (target: string, phase: PhaseName, read: Parameters<Summary['added']>[2]): number | undefined =>
    divide(summary?.added(target, phase, read), summary?.added('node', phase, read));
  const exporting = summary?.has('elasticsearch') === true ? 'elasticsearch' : 'none';
  return [
    { kind: 'must', text: 'CPU per JSON request with export ÷ bare Node proxy', limit: 1.25, value: ratio(exporting, 'node', 'json'), unit: '×' },
    { kind: 'goal', text: 'CPU per JSON request with export ÷ Rust gateway 2.0.1, which has no export', limit: 1, value: ratio(exporting, 'noveum', 'json'), unit: '×' },
    { kind: 'moonshot', text: 'CPU per JSON request with export ÷ nginx', limit: 3, value: ratio(exporting, 'nginx', 'json'), unit: '×' },
    { kind: 'must', text: 'CPU per stream of 20 with export ÷ bare Node proxy', limit: 1.3, value: ratio(exporting, 'node', 'stream-20'), unit: '×' },
    { kind: 'must', text: 'CPU per stream of 500 with export ÷ bare Node proxy', limit: 1.3, value: ratio(exporting, 'node', 'stream-500'), unit: '×' },
    { kind: 'must', text: 'added p99 with export ÷ bare Node proxy\'s', limit: 1.5, value: against(exporting, 'rate', p99), unit: '×' },
    { kind: 'must', text: 'added p99 with Elasticsearch slow ÷ bare Node proxy\'s', limit: 1.5, value: against('elasticsearch-slow', 'rate', p99), unit: '×' },
    { kind: 'must', text: 'added p99 with Elasticsearch down ÷ bare Node proxy\'s', limit: 1.5, value: against('elasticsearch-down', 'rate', p99), unit: '×' },
    { kind: 'must', text: 'added time to the first event ÷ bare Node proxy\'s', limit: 1.2, value: against(exporting, 'paced', firstByte), unit: '×' },
    { kind: 'must', text: 'time between events, p99 ÷ bare Node proxy\'s', limit: 1.2, value: summary?.ratio(exporting, 'node', 'paced', gap99), unit: '×' },
    { kind: 'must', text: 'CPU per request of two workers ÷ one, at the same rate', limit: 1.1, value: ratio('workers-2', 'log', 'rate'), unit: '×' },
  ];
}

function exporterGoals({ exporter }: BenchResult): Goal[] {
  return [
    { kind: 'must', text: 'export rate ÷ a raw bulk loop\'s', limit: 0.8, atLeast: true, value: divide(exporter?.perSecond, exporter?.rawPerSecond), unit: '×' },
    { kind: 'must', text: 'exporter CPU per record', limit: 5, value: exporter?.cpuUsPerRecord, unit: 'µs' },
  ];
}

function memoryGoals({ soak }: BenchResult): Goal[] {
  const of = (target: string): NonNullable<typeof soak>[number] | undefined => soak?.find((one) => one.target === target);
  const requests = number(of('log')?.requests ?? 1_000_000);
  return [
    { kind: 'must', text: `RSS after ${requests} requests, log only`, limit: 120, value: of('log')?.residentMb.at(-1), unit: 'MB' },
    { kind: 'must', text: `RSS after ${requests} requests, with export`, limit: 180, value: of('elasticsearch')?.residentMb.at(-1), unit: 'MB' },
    { kind: 'must', text: 'RSS growth over rounds 3 to 10, streams abandoned included', limit: 5, value: of('log')?.growthMb, unit: 'MB' },
  ];
}

function commandGoals({ startTime, top }: BenchResult): Goal[] {
  return [
    { kind: 'must', text: 'gateway --help ÷ an empty oclif command', limit: 1.3, value: divide(startTime?.helpMs, startTime?.emptyMs), unit: '×' },
    { kind: 'must', text: `metrics top over ${number(top?.records ?? 10_000_000)} local records`, limit: 1, value: top?.localSeconds, unit: 's' },
    { kind: 'must', text: 'metrics top in Elasticsearch ÷ the raw aggregation', limit: 1.2, value: divide(top?.elasticsearchSeconds, top?.aggregationSeconds), unit: '×' },
  ];
}

export function goalsTable(result: BenchResult): string {
  return markdownTable(['aim', 'kind', 'limit', 'measured', 'verdict'], goals(result).map((goal) => [
    goal.text, goal.kind, `${goal.atLeast === true ? '≥' : '≤'} ${number(goal.limit, decimals(goal.limit))} ${goal.unit}`,
    goal.value === undefined ? '–' : `${number(goal.value, 2)} ${goal.unit}`, verdict(goal),
  ]));
}

function decimals(limit: number): number {
  return Number.isInteger(limit) ? 0 : 2;
}

function divide(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by <= 0 ? undefined : value / by;
}
