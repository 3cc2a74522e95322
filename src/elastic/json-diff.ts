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
  return value === undefined ? 'nothing' : showValue(value);
}

const TIMES: readonly (readonly [unit: string, ms: number])[] = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000]];

/** A value for people: times, which normal forms have in milliseconds, in the largest unit that is exact. */
export function showValue(value: unknown): string {
  const ms = typeof value === 'string' ? /^(\d+)ms$/.exec(value)?.[1] : undefined;
  const [unit, length] = TIMES.find(([, each]) => Number(ms) > 0 && Number(ms) % each === 0) ?? ['ms', 1];
  return ms === undefined ? canonicalJson(value) : JSON.stringify(`${String(Number(ms) / length)}${unit}`);
}
