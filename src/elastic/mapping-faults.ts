import { at, canonicalJson, isObject, objectAt, stringAt, type JsonObject } from './json.js';

/** A part of a mapping that is not as documented. */
export interface Fault {
  readonly field: string;
  readonly found: string;
  readonly wanted: string;
  /** Records are stored all the same; some of their values are not found by searches. */
  readonly lossy?: true;
}

/** Parameters of a field that change neither what is taken nor what reports find. */
const HARMLESS = new Set([
  'type', 'fields', 'meta', 'store', 'copy_to', 'eager_global_ordinals', 'norms', 'index_options', 'similarity', 'boost', 'null_value', 'coerce', 'locale',
  'split_queries_on_whitespace', 'synthetic_source_keep', 'normalizer_skip_store_original_value',
]);

/** Formats of dates that take the gateway's ISO 8601 in UTC with milliseconds. */
const ISO_FORMATS = new Set([
  'strict_date_optional_time', 'date_optional_time', 'strict_date_optional_time_nanos', 'strict_date_time', 'date_time', 'iso8601',
]);

/** A record's texts are cut at so many bytes, so a longer limit changes nothing. */
const LONGEST_TEXT = 1024;

/** What is wrong with the definition of a documented field; undefined where it does the same as the documented one. */
export function fieldFault(field: string, found: JsonObject, wanted: string): Fault | undefined {
  const type = stringAt(found, 'type') ?? 'object';
  if (type !== wanted) return { field, found: type, wanted };
  for (const [key, value] of Object.entries(found)) {
    if (HARMLESS.has(key) || isDefault(key, value)) continue;
    const fault = { field, found: `${type} with ${key} ${canonicalJson(value)}`, wanted };
    return key === 'ignore_above' || key === 'ignore_malformed' ? { ...fault, lossy: true } : fault;
  }
  return undefined;
}

/** Spelled-out defaults, as templates may have them; a live index leaves them out. */
function isDefault(key: string, value: unknown): boolean {
  if (key === 'format') return String(value).split('||').some((format) => ISO_FORMATS.has(format.trim()));
  if (key === 'ignore_above') return Number(value) >= LONGEST_TEXT;
  if (key === 'index' || key === 'doc_values' || key === 'enabled') return String(value) === 'true';
  return value === null || value === false || value === 'false';
}

/** What is wrong beside the fields: documents refused or not indexed, sources not kept, fields covered by computed ones. */
export function rootFaults(mapping: JsonObject, documented: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const add = (field: string, value: unknown, wanted: string, lossy = false): void => {
    faults.push({ field, found: canonicalJson(value), wanted, ...(lossy && { lossy }) });
  };
  if (String(at(mapping, '_routing', 'required')) === 'true') add('_routing', mapping['_routing'], 'not required');
  if (String(mapping['enabled']) === 'false') add('enabled', false, 'true');
  const source = objectAt(mapping, '_source');
  const cut = ['includes', 'excludes'].some((key) => Array.isArray(source[key]) && source[key].length > 0);
  if (String(source['enabled']) === 'false' || stringAt(source, 'mode') === 'disabled' || cut) add('_source', source, 'kept whole', true);
  for (const [field, definition] of Object.entries(objectAt(mapping, 'runtime'))) {
    if (documented.includes(field) && isObject(definition)) add(field, { runtime: definition }, 'stored');
  }
  return faults;
}
