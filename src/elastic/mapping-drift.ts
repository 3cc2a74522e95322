import { at, objectAt, stringAt, type JsonObject } from './json.js';
import { normalMapping } from './normalise.js';

/** How the mapping of a live index differs from the documented one. */
export interface MappingDrift {
  /** Fields whose type is another one: no request can change that in an existing index. */
  readonly wrong: readonly { readonly field: string; readonly found: string; readonly wanted: string }[];
  /** Documented fields that the index does not have yet. */
  readonly missing: readonly string[];
  /** `true`, `false`, `strict` or `runtime`. */
  readonly dynamic: string;
}

/** Compares the mapping of an index (the value of `mappings`) with the documented one. */
export function mappingDrift(found: unknown, wanted: JsonObject): MappingDrift {
  const actual = normalMapping(found);
  const fields = objectAt(actual, 'properties');
  const wrong: { field: string; found: string; wanted: string }[] = [];
  const missing: string[] = [];
  for (const [field, definition] of Object.entries(objectAt(wanted, 'properties'))) {
    const type = stringAt(definition, 'type') ?? 'object';
    const actualType = fields[field] === undefined ? undefined : stringAt(fields, field, 'type') ?? 'object';
    if (actualType === undefined) missing.push(field);
    else if (actualType !== type) wrong.push({ field, found: actualType, wanted: type });
  }
  return { wrong, missing, dynamic: String(at(actual, 'dynamic')) };
}

/** Whether records sent to that index are mapped as documented: nothing wrong, and nothing left to dynamic or strict mapping. */
export function isSafeToWrite(drift: MappingDrift): boolean {
  return drift.wrong.length === 0 && (drift.missing.length === 0 || drift.dynamic === 'false');
}

/** Whether the mapping is exactly the documented one. */
export function isDocumented(drift: MappingDrift): boolean {
  return drift.wrong.length === 0 && drift.missing.length === 0 && drift.dynamic === 'false';
}

/** The drift in words, at most `limit` fields by name. */
export function describeDrift(drift: MappingDrift, limit = 5): string {
  const parts: string[] = [];
  if (drift.wrong.length > 0) {
    parts.push(`wrong types: ${some(drift.wrong.map((w) => `${w.field} is ${w.found}, documented ${w.wanted}`), limit)}`);
  }
  if (drift.missing.length > 0) parts.push(`fields not mapped: ${some(drift.missing, limit)}`);
  if (drift.dynamic !== 'false') parts.push(`dynamic is ${drift.dynamic}, documented false`);
  return parts.join('; ');
}

function some(items: readonly string[], limit: number): string {
  return items.length <= limit ? items.join(', ') : `${items.slice(0, limit).join(', ')} and ${String(items.length - limit)} more`;
}
