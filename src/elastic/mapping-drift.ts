import { at, objectAt, stringAt, type JsonObject } from './json.js';
import { fieldFault, rootFaults, type Fault } from './mapping-faults.js';
import { normalMapping } from './normalise.js';

/** How the mapping of a live index differs from the documented one. */
export interface MappingDrift {
  /** Definitions with which records are refused or reports fail: no request can change that in an existing index. */
  readonly wrong: readonly Fault[];
  /** Definitions with which some values are not found, although records are stored. */
  readonly lossy: readonly Fault[];
  /** Documented fields that the index does not have yet. */
  readonly missing: readonly string[];
  /** `true`, `false`, `strict` or `runtime`. */
  readonly dynamic: string;
}

/** Compares the mapping of an index (the value of `mappings`) with the documented one: whole definitions, not types alone. */
export function mappingDrift(found: unknown, wanted: JsonObject): MappingDrift {
  const actual = normalMapping(found);
  const fields = objectAt(actual, 'properties');
  const faults: Fault[] = [...rootFaults(actual, Object.keys(objectAt(wanted, 'properties')))];
  const missing: string[] = [];
  for (const [field, definition] of Object.entries(objectAt(wanted, 'properties'))) {
    if (fields[field] === undefined) {
      missing.push(field);
      continue;
    }
    const fault = fieldFault(field, objectAt(fields, field), stringAt(definition, 'type') ?? 'object');
    if (fault !== undefined) faults.push(fault);
  }
  const plain = ({ field, found: what, wanted: documented }: Fault): Fault => ({ field, found: what, wanted: documented });
  return {
    wrong: faults.filter((fault) => fault.lossy !== true).map(plain), lossy: faults.filter((fault) => fault.lossy === true).map(plain),
    missing, dynamic: String(at(actual, 'dynamic')),
  };
}

/** Whether records sent to that index are mapped as documented: nothing wrong, and nothing left to dynamic or strict mapping. */
export function isSafeToWrite(drift: MappingDrift): boolean {
  return drift.wrong.length === 0 && (drift.missing.length === 0 || drift.dynamic === 'false');
}

/** Whether the mapping is exactly the documented one. */
export function isDocumented(drift: MappingDrift): boolean {
  return drift.wrong.length === 0 && drift.lossy.length === 0 && !isBehind(drift);
}

/** Whether a request to the index can bring the mapping up to the documented one. */
export function isBehind(drift: MappingDrift): boolean {
  return drift.wrong.length === 0 && (drift.missing.length > 0 || drift.dynamic !== 'false');
}

/** The drift in words, at most `limit` fields by name. */
export function describeDrift(drift: MappingDrift, limit = 5): string {
  const parts: string[] = [];
  const faults = (list: readonly Fault[]): string => some(list.map((fault) => `${fault.field} is ${fault.found}, documented ${fault.wanted}`), limit);
  if (drift.wrong.length > 0) parts.push(`wrong types: ${faults(drift.wrong)}`);
  if (drift.lossy.length > 0) parts.push(`values are lost to searches: ${faults(drift.lossy)}`);
  if (drift.missing.length > 0) parts.push(`fields not mapped: ${some(drift.missing, limit)}`);
  if (drift.dynamic !== 'false') parts.push(`dynamic is ${drift.dynamic}, documented false`);
  return parts.join('; ');
}

function some(items: readonly string[], limit: number): string {
  return items.length <= limit ? items.join(', ') : `${items.slice(0, limit).join(', ')} and ${String(items.length - limit)} more`;
}
