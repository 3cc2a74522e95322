import type { JsonObject } from '../json.js';
import { recordField, type RecordFieldName } from '../../domain/record-fields.js';

/*
 * Columns of a Lens layer as Kibana 7.17 saves them; 8.x and 9.x migrate them on import. What each of these
 * shapes has to be is written down in docs/kibana.md.
 */

/** Columns by id, the ones that others refer to included, in the order of the layer. */
export type Columns = readonly (readonly [id: string, column: JsonObject])[];

export type Format = 'count' | 'milliseconds' | 'microseconds' | 'dollars' | 'share';

/** One number: what is counted or summed, of the records that `filter` (KQL) lets through. */
export interface Measure {
  readonly of: 'count' | 'sum' | 'average' | 'max' | 'percentile';
  /** Absent only where records are counted. */
  readonly field?: RecordFieldName;
  /** With `percentile`. */
  readonly percentile?: number;
  readonly filter?: string;
}

export function overTime(id: string): Columns {
  return [[id, {
    label: 'Time', customLabel: true, dataType: 'date', operationType: 'date_histogram', sourceField: 'timestamp', isBucketed: true, scale: 'interval',
    params: { interval: 'auto' },
  }]];
}

/**
 * Values of a field, records without it among them: the largest by `orderedBy` (the id of a measure that is not a ratio), else the first
 * by name. All others are one bucket, so that no record is left out.
 */
export function top(id: string, label: string, field: RecordFieldName, size: number, orderedBy?: string): Columns {
  return [[id, {
    label, customLabel: true, dataType: kind(field), operationType: 'terms', sourceField: field, isBucketed: true, scale: 'ordinal',
    params: {
      size, orderDirection: orderedBy === undefined ? 'asc' : 'desc', otherBucket: true, missingBucket: kind(field) === 'string', // Lens has it for text only
      orderBy: orderedBy === undefined ? { type: 'alphabetical', fallback: true } : { type: 'column', columnId: orderedBy },
    },
  }]];
}

export function measure(id: string, label: string, what: Measure, format: Format): Columns {
  return [[id, { ...measured(what), label, customLabel: true, params: { ...parameters(what), format: formatOf(format) } }]];
}

/** `factor` × numerator ÷ denominator, as Lens keeps a formula: its text, and the columns that it was taken apart into. */
export function ratio(id: string, label: string, numerator: Measure, denominator: Measure, format: Format, factor = 1): Columns {
  const product = `${factor === 1 ? '' : `${String(factor)} * `}${formula(numerator)}`;
  const text = `${product} / ${formula(denominator)}`;
  const [over, under, math] = [`${id}X0`, `${id}X1`, `${id}X2`];
  const part = { label: `Part of ${text}`, customLabel: true };
  const scaled = factor === 1 ? over : { type: 'function', name: 'multiply', args: [factor, over], location: { min: 0, max: product.length }, text: product };
  const ast = { type: 'function', name: 'divide', args: [scaled, under], location: { min: 0, max: text.length }, text };
  return [
    [id, {
      label, customLabel: true, dataType: 'number', operationType: 'formula', isBucketed: false, scale: 'ratio',
      params: { formula: text, isFormulaBroken: false, format: formatOf(format) }, references: [math],
    }],
    [over, { ...measured(numerator), ...part, params: parameters(numerator) }],
    [under, { ...measured(denominator), ...part, params: parameters(denominator) }],
    [math, { ...part, dataType: 'number', operationType: 'math', isBucketed: false, scale: 'ratio', params: { tinymathAst: ast }, references: [over, under] }],
  ];
}

function measured({ of, field, filter }: Measure): JsonObject {
  return {
    dataType: 'number', operationType: of, sourceField: field ?? 'Records', isBucketed: false, scale: 'ratio',
    ...(filter !== undefined && { filter: { query: filter, language: 'kuery' } }),
  };
}

function parameters({ percentile }: Measure): JsonObject {
  return percentile === undefined ? {} : { percentile };
}

function formula({ of, field, filter }: Measure): string {
  const inner = [...(field === undefined ? [] : [field]), ...(filter === undefined ? [] : [`kql='${filter}'`])];
  return `${of}(${inner.join(', ')})`;
}

function formatOf(format: Format): JsonObject {
  if (format === 'share') return { id: 'percent', params: { decimals: 1 } };
  return { id: 'number', params: { decimals: format === 'dollars' ? 4 : 0 } };
}

function kind(field: RecordFieldName): 'string' | 'number' {
  return recordField(field)?.type === 'keyword' ? 'string' : 'number';
}
