/** A number with so many decimals and thousands separated; `–` where there is none. */
export function number(value: number | undefined, decimals = 0): string {
  if (value === undefined) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** Microseconds as milliseconds. */
export function milliseconds(micros: number | undefined, decimals = 2): string {
  return number(micros === undefined ? undefined : micros / 1000, decimals);
}

/** A quotient as `1.23 ×`. */
export function times(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${number(ratio, 2)} ×`;
}

/** A Markdown table; numbers stand right, the first column left. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, index) => (index === 0 ? '---|' : '---:|')).join('')}`, ...rows.map(line)].join('\n');
}
