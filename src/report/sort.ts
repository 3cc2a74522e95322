import type { RecordFieldName } from '../domain/record-fields.js';
import type { FieldValue } from './filter.js';
import { didYouMean, wrongFlag } from './flag-failure.js';
import { isMetric, METRICS, type MetricName } from './metrics.js';

/** Order of the rows. What is unknown comes last either way; equal rows stand in ascending order of their groups. */
export interface Sort {
  readonly column: MetricName | RecordFieldName;
  readonly descending: boolean;
}

/**
 * `--sort COLUMN`: metrics from the largest, groups from A to Z; `-COLUMN` is always descending,
 * `+COLUMN` always ascending.
 *
 * @throws Failure `bad_flag_value`
 */
export function parseSort(text: string | undefined, by: readonly RecordFieldName[]): Sort {
  if (text === undefined) return { column: 'requests', descending: true };
  const match = /^([+-]?)([a-z_]\w*)$/i.exec(text.trim());
  const [, sign = '', column = ''] = match ?? [];
  const metric = isMetric(column);
  if (!metric && !(by as readonly string[]).includes(column)) {
    const columns = [...by, ...METRICS.map(({ name }) => name)];
    throw wrongFlag('sort', text, 'is not a column of this report', `${didYouMean(column, columns)}Use one of: ${columns.join(', ')}; -COLUMN sorts from the largest, +COLUMN from the smallest.`);
  }
  return { column: column as Sort['column'], descending: sign === '' ? metric : sign === '-' };
}

/** For `Array.sort`, ascending, null last; text in the order of its UTF-8 bytes, as both engines have it. */
export function compareValues(a: FieldValue, b: FieldValue, descending = false): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = typeof a === 'string' && typeof b === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : Number(a) - Number(b);
  return descending ? -order : order;
}
