import type { FieldValue } from './filter.js';
import { METRICS } from './metrics.js';
import type { MetricsReport } from './top.js';

/**
 * The report as CSV (RFC 4180) with the names of the JSON form; what is unknown is an empty cell.
 * Text that a spreadsheet would take for a formula begins with an apostrophe. `printable` writes
 * control characters out: some of the text is what clients have sent.
 */
export function csvOf({ by, rows }: Pick<MetricsReport, 'by' | 'rows'>, printable: (text: string) => string): string {
  const names = [...by, ...METRICS.map(({ name }) => name)];
  const lines = [names, ...rows.map((row) => names.map((name) => cell(row[name] ?? null, printable)))];
  return lines.map((line) => line.join(',')).join('\r\n');
}

function cell(value: FieldValue, printable: (text: string) => string): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const plain = printable(value);
  if (/^\s*[=+\-@]/.test(plain)) return `"'${plain.replaceAll('"', '""')}"`;
  return /[",;]|^\s|\s$/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
