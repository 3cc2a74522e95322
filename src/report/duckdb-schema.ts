import { RECORD_FIELDS, type FieldType, type RecordFieldName } from '../domain/record-fields.js';

const TYPES: Readonly<Record<FieldType, string>> = {
  keyword: 'VARCHAR', date: 'TIMESTAMP', long: 'BIGINT', integer: 'INTEGER', short: 'SMALLINT', float: 'FLOAT', boolean: 'BOOLEAN',
};

/** The record as DuckDB reads it from JSON: every field with its type, nothing guessed from the data. */
export const COLUMNS = `{${RECORD_FIELDS.map(({ name, type }) => `${name}: '${TYPES[type]}'`).join(', ')}}`;

export function duckDbType(type: FieldType): string {
  return TYPES[type];
}

/**
 * Lines of these files as rows. A line that is no record comes as a row without timestamp, so that
 * it can be counted; one of ours always has one.
 */
export function fromLines(paths: readonly string[], fields: readonly RecordFieldName[] | '*'): string {
  return `SELECT ${columnsOf(fields)} FROM read_json(${fileList(paths)}, columns = ${COLUMNS}, format = 'newline_delimited', ignore_errors = true)`;
}

/** Rows of these Parquet files, which were made by `fromLines`. */
export function fromParquet(paths: readonly string[], fields: readonly RecordFieldName[]): string {
  return `SELECT ${columnsOf(fields)} FROM read_parquet(${fileList(paths)})`;
}

/** A list of files as a literal: names are taken as they are, not as patterns. */
export function fileList(paths: readonly string[]): string {
  return `[${paths.map((path) => text(path.replace(/[[*?]/g, '[$&]'))).join(', ')}]`;
}

/** A text as a literal of SQL. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function columnsOf(fields: readonly RecordFieldName[] | '*'): string {
  return fields === '*' ? '*' : fields.join(', ');
}
