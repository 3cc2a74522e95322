import { RECORD_FIELDS, recordField, type RecordField, type RecordFieldName } from '../domain/record-fields.js';
import { parseFilter, type Filter } from './filter.js';
import { didYouMean, wrongFlag } from './flag-failure.js';
import { isMetric } from './metrics.js';
import { parseSort, type Sort } from './sort.js';
import { parseRange, type TimeRange } from './time-range.js';

/** A question to the records, in no engine's language. */
export interface MetricsQuery extends TimeRange {
  /** Fields that make the groups; none makes one group of everything. */
  readonly by: readonly RecordFieldName[];
  /** All of them must hold. */
  readonly filters: readonly Filter[];
  readonly sort: Sort;
  /** Rows that are wanted at most; all of them where undefined. */
  readonly limit: number | undefined;
}

/** The flags of `gateway metrics top` as they were typed; undefined where they were not. */
export interface QueryFlags {
  readonly by?: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly sort?: string | undefined;
  readonly limit?: string | undefined;
}

const DEFAULT_BY = ['provider'] as const;
const DEFAULT_LIMIT = 50;
const MAX_FIELDS = 2;

/**
 * The query that the flags ask for. `now` is in milliseconds since the epoch.
 *
 * @throws Failure `bad_flag_value` that names flag and value
 */
export function parseQuery(flags: QueryFlags, now: number): MetricsQuery {
  const by = parseBy(flags.by);
  return {
    by,
    ...parseRange(flags.since, flags.until, now),
    filters: (flags.filter ?? []).map(parseFilter),
    sort: parseSort(flags.sort, by),
    limit: parseLimit(flags.limit),
  };
}

/** Fields that records can be grouped by. A time would make a group of every record; a column of the report is no group. */
export function groupableFields(): RecordFieldName[] {
  const fields: readonly RecordField[] = RECORD_FIELDS;
  return fields.filter(({ name, type }) => type !== 'date' && !isMetric(name)).map(({ name }) => name as RecordFieldName);
}

function parseBy(texts: readonly string[] | undefined): RecordFieldName[] {
  if (texts === undefined) return [...DEFAULT_BY];
  const text = texts.join(',');
  if (text.trim() === '' || text.trim() === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if ((groupableFields() as string[]).includes(name)) continue;
    const known = recordField(name);
    throw wrongFlag('by', text, known === undefined
      ? `no record has a field ${JSON.stringify(name)}`
      : isMetric(name) ? `${name} is a column of the report, so it cannot make groups` : `records cannot be grouped by ${name}`,
    `${didYouMean(name, groupableFields())}Use one or two of: ${groupableFields().join(', ')}.`);
  }
  if (names.length > MAX_FIELDS) throw wrongFlag('by', text, 'two fields at most', 'Name one or two fields, such as --by provider,model, and narrow the rest by --filter.');
  if (new Set(names).size < names.length) throw wrongFlag('by', text, 'the same field twice', 'Name each field once.');
  return names as RecordFieldName[];
}

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_LIMIT;
  if (text.trim().toLowerCase() === 'all') return undefined;
  const limit = Number(text);
  if (/^\d+$/.test(text.trim()) && limit >= 1 && Number.isSafeInteger(limit)) return limit;
  throw wrongFlag('limit', text, 'must be a whole number from 1, or all', `Leave it out for ${String(DEFAULT_LIMIT)} rows.`);
}
