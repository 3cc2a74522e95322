import Table from 'cli-table3';
import { paint, type Style } from './color.js';
import { printable } from './printable.js';

/** A cell: its text, or its text in a style (which pipes do not get). */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface TableOptions {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Per column; left unless given. */
  readonly align?: readonly ('left' | 'right')[];
  readonly color: boolean;
  /** Columns of the terminal: a wider table wraps the text of its widest cells. Unlimited unless given (a pipe). */
  readonly width?: number | undefined;
}

/** Narrower than this no column is made: a table that does not fit then is cut by the terminal. */
const MIN_COLUMN = 12;

/** A table with borders. Control characters in cells are written out, line feeds kept. */
export function renderTable({ head, rows, align, color, width }: TableOptions): string {
  const texts = rows.map((row) => row.map((cell) => escaped(typeof cell === 'string' ? cell : cell.text)));
  const widths = width === undefined ? undefined : fit([head, ...texts], width);
  const table = new Table({
    head: head.map((name) => paint('bold', printable(name), color)),
    ...(align === undefined ? {} : { colAligns: [...align] }),
    ...(widths === undefined ? {} : { colWidths: widths, wordWrap: true }),
    // Lines between rows only where a row has several lines of text.
    style: { head: [], border: [], compact: widths === undefined && !texts.flat().some((text) => text.includes('\n')) },
  });
  rows.forEach((row, y) => {
    table.push(row.map((cell, x) => {
      const text = broken(texts[y]?.[x] ?? '', widths?.[x]);
      return typeof cell === 'string' ? text : paint(cell.style, text, color);
    }));
  });
  return table.toString();
}

/** The table wraps between words only and cuts what is longer: a fingerprint must stay whole. */
function broken(text: string, column: number | undefined): string {
  if (column === undefined) return text;
  const room = column - 2;
  return text.replaceAll(new RegExp(`\\S{${String(room)}}(?=\\S)`, 'gu'), '$&\n');
}

function escaped(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Column widths (padding included) that fit `width`, or undefined where the table fits as it is. */
function fit(lines: readonly (readonly string[])[], width: number): number[] | undefined {
  const widths: number[] = [];
  for (const line of lines) {
    line.forEach((text, x) => {
      const longest = text.split('\n').reduce((most, part) => Math.max(most, part.length), 0);
      widths[x] = Math.max(widths[x] ?? 0, longest + 2);
    });
  }
  const room = width - (widths.length + 1);
  let excess = widths.reduce((sum, column) => sum + column, 0) - room;
  if (excess <= 0) return undefined;
  while (excess > 0) {
    const widest = Math.max(...widths);
    const next = Math.max(MIN_COLUMN, ...widths.filter((column) => column < widest));
    if (widest <= MIN_COLUMN) break;
    const share = widths.filter((column) => column === widest).length;
    const cut = Math.min(widest - next, Math.ceil(excess / share)) || 1;
    for (const [x, column] of widths.entries()) if (column === widest) widths[x] = column - cut;
    excess -= cut * share;
  }
  return widths;
}
