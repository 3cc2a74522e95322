import type { FieldValue } from './filter.js';
import { METRICS } from './metrics.js';
import type { MetricsReport } from './top.js';

/** What spreadsheets take for the beginning of a formula, its full-width and small forms included. */
const FORMULA = /^\s*[=+\-@\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]/u;

/** Lines of a piece. */
const LINES = 1_000;

/**
 * The report as CSV (RFC 4180) with the names of the JSON form; what is unknown is an empty cell.
 * Text that a spreadsheet would take for a formula begins with an apostrophe. `printable` writes
 * control characters out: some of the text is what clients have sent.
 */
export function csvOf(report: Pick<MetricsReport, 'by' | 'rows'>, printable: (text: string) => string): string {
  return [...csvPieces(report, printable)].join('\r\n');
}

/** The same in pieces of many lines, without the line ends between them: all lines together may be longer than a string can be. */
export function* csvPieces({ by, rows }: Pick<MetricsReport, 'by' | 'rows'>, printable: (text: string) => string): Generator<string> {
  const names = [...by, ...METRICS.map(({ name }) => name)];
  yield names.join(',');
  for (let from = 0; from < rows.length; from += LINES) {
    yield rows.slice(from, from + LINES).map((row) => names.map((name) => cell(row[name] ?? null, printable)).join(',')).join('\r\n');
  }
}

function cell(value: FieldValue, printable: (text: string) => string): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const plain = printable(value);
  if (FORMULA.test(plain)) return `"'${plain.replaceAll('"', '""')}"`;
  return /[",;]|^\s|\s$/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
