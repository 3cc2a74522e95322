import type { FieldValue } from './filter.js';
import { METRICS, type MetricFormat, type MetricName } from './metrics.js';
import type { MetricsReport } from './top.js';

/** A report as cells of text. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly align: readonly ('left' | 'right')[];
  /** Heads of the columns that the width had no room for. */
  readonly leftOut: readonly string[];
}

interface Column {
  readonly name: string;
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly cells: readonly string[];
}

const UNKNOWN = '–';
const ABSENT = '(none)';
/** Border and padding of a column. */
const FRAME = 3;
/** What a narrow terminal can do without, first to last. */
const EXPENDABLE: readonly MetricName[] = [
  'provider_latency_mean_ms', 'tokens_per_second', 'latency_mean_ms', 'aborted', 'error_rate', 'latency_p99_ms', 'output_tokens', 'input_tokens',
  'latency_p50_ms', 'latency_p95_ms', 'cost', 'errors',
];

/**
 * The report as a table for people: rounded, with units in the head. Where it is wider than `width`
 * columns of a terminal, it does without the columns that are missed least.
 */
export function tableOf({ by, rows }: Pick<MetricsReport, 'by' | 'rows'>, width = Infinity): Table {
  const keys = by.map((field) => column(field, field, 'left', rows.map((row) => group(row[field] ?? null))));
  const metrics = METRICS.filter((metric) => 'title' in metric)
    .map(({ name, title, format }) => column(name, title, 'right', rows.map((row) => number(row[name], format))));
  let shown = [...keys, ...metrics];
  const leftOut: string[] = [];
  for (const name of EXPENDABLE) {
    if (widthOf(shown) <= width) break;
    leftOut.push(...shown.filter((column) => column.name === name).map(({ head }) => head));
    shown = shown.filter((column) => column.name !== name);
  }
  return {
    head: shown.map(({ head }) => head),
    rows: rows.map((_, y) => shown.map(({ cells }) => cells[y] ?? '')),
    align: shown.map(({ align }) => align),
    leftOut,
  };
}

function column(name: string, head: string, align: 'left' | 'right', cells: readonly string[]): Column {
  return { name, head, align, cells };
}

function widthOf(columns: readonly Column[]): number {
  return 1 + columns.reduce((sum, { head, cells }) => sum + FRAME + cells.reduce((longest, cell) => Math.max(longest, cell.length), head.length), 0);
}

function group(value: FieldValue): string {
  return value === null ? ABSENT : String(value);
}

function number(value: number | null, format: MetricFormat): string {
  if (value === null) return UNKNOWN;
  switch (format) {
    case 'count': return grouped(value, 0, 0);
    case 'percent': return grouped(value * 100, 0, 1);
    case 'milliseconds': return grouped(value, 0, value < 10 ? 1 : 0);
    case 'rate': return grouped(value, 0, 1);
    case 'dollars': return dollars(value);
  }
}

/** Cents from a dollar on, below it four digits that say something. */
function dollars(value: number): string {
  if (value >= 1) return grouped(value, 2, 2);
  if (value === 0) return '0';
  const digits = Math.min(12, 3 - Math.floor(Math.log10(value)));
  return value.toFixed(digits).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

function grouped(value: number, min: number, max: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: min, maximumFractionDigits: max });
}
