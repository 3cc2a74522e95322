import { RECORD_FIELDS, recordField, type FieldType, type RecordField, type RecordFieldName } from '../domain/record-fields.js';
import { didYouMean, wrongFlag } from './flag-failure.js';

/** A value of a field; null where a record has none. */
export type FieldValue = string | number | boolean | null;

/** Keeps records whose field has one of the values, or with `negated` those where it has none of them. */
export interface Filter {
  readonly field: RecordFieldName;
  readonly type: FieldType;
  /** At least one; null stands for the absence of the field. */
  readonly values: readonly FieldValue[];
  readonly negated: boolean;
}

const FORM = 'Write FIELD=VALUE or FIELD!=VALUE, several values separated by commas, none for absence: --filter provider=openai,groq --filter error_type!=';

const WHOLE_NUMBERS: Partial<Record<FieldType, number>> = { short: 32_767, integer: 2_147_483_647, long: Number.MAX_SAFE_INTEGER };

/**
 * One `--filter`.
 *
 * @throws Failure `bad_flag_value`
 */
export function parseFilter(text: string): Filter {
  const match = /^\s*([A-Za-z_]\w*)\s*(!?=)(.*)$/s.exec(text);
  if (match === null) throw wrongFlag('filter', text, 'is not a filter', FORM);
  const [, name = '', operator, list = ''] = match;
  const field = recordField(name);
  if (field === undefined || field.type === 'date') throw unknownField(text, name, field);
  return {
    field: field.name as RecordFieldName,
    type: field.type,
    values: list.split(',').map((value) => valueOf(field, value.trim(), text)),
    negated: operator === '!=',
  };
}

function unknownField(text: string, name: string, field: RecordField | undefined): Error {
  if (field !== undefined) return wrongFlag('filter', text, `${name} is a time`, 'Narrow the time by --since and --until.');
  const names = RECORD_FIELDS.filter(({ type }) => type !== 'date').map((known) => known.name);
  return wrongFlag('filter', text, `no record has a field ${JSON.stringify(name)}`, `${didYouMean(name, names)}Use one of: ${names.join(', ')}.`);
}

function valueOf({ name, type }: RecordField, value: string, text: string): FieldValue {
  if (value === '') return null;
  if (type === 'keyword') return value;
  if (type === 'boolean') {
    const word = value.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    throw wrongFlag('filter', text, `${name} is true or false`, `Write --filter ${name}=true or --filter ${name}=false.`);
  }
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
  const max = WHOLE_NUMBERS[type];
  const fits = max === undefined ? Math.abs(number) <= 3.4e38 : Number.isInteger(number) && Math.abs(number) <= max;
  if (fits) return number;
  throw wrongFlag('filter', text, `${JSON.stringify(value)} is not a value of ${name}`,
    max === undefined ? `${name} is a number.` : `${name} is a whole number up to ${String(max)}.`);
}
