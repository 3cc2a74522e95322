import type { FieldValue } from './filter.js';
import { METRICS, type MetricFormat } from './metrics.js';
import type { MetricsReport } from './top.js';

/** A report as cells of text. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly align: readonly ('left' | 'right')[];
}

const UNKNOWN = '–';
const ABSENT = '(none)';

/** The report as a table for people: rounded, with units in the head. */
export function tableOf({ by, rows }: Pick<MetricsReport, 'by' | 'rows'>): Table {
  const shown = METRICS.filter((metric) => 'title' in metric);
  return {
    head: [...by, ...shown.map(({ title }) => title)],
    rows: rows.map((row) => [
      ...by.map((field) => group(row[field] ?? null)),
      ...shown.map(({ name, format }) => number(row[name], format)),
    ]),
    align: [...by.map(() => 'left' as const), ...shown.map(() => 'right' as const)],
  };
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
