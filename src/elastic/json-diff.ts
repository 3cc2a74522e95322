import { canonicalJson, isObject } from './json.js';

/** One place where two JSON values differ; a side is undefined where it has nothing there. */
export interface Difference {
  /** Dotted path from the root. */
  readonly path: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

/** The leaves in which `found` and `wanted` differ, by path; objects are entered, arrays compared whole. */
export function diffJson(found: unknown, wanted: unknown, path = ''): Difference[] {
  if (isObject(found) && isObject(wanted)) {
    const keys = [...new Set([...Object.keys(found), ...Object.keys(wanted)])].sort();
    return keys.flatMap((key) => diffJson(found[key], wanted[key], path === '' ? key : `${path}.${key}`));
  }
  return found === wanted || (found !== undefined && wanted !== undefined && canonicalJson(found) === canonicalJson(wanted))
    ? []
    : [{ path, found, wanted }];
}

/** `a.b: found 1, documented 2`, one text for each difference. */
export function describeDifferences(differences: readonly Difference[]): string[] {
  return differences.map(({ path, found, wanted }) => `${path}: found ${show(found)}, documented ${show(wanted)}`);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : canonicalJson(value);
}
