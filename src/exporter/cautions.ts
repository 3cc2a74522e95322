import type { Caution, Range } from './protocol.js';

/** A part of a file that was on its way when the thread died, and how often that has happened. */
export interface Suspect extends Range {
  readonly deaths: number;
}

const DEATHS_BEFORE_BISECTION = 2;

/** Suspects after another death: what was on its way now counts on from what it overlaps; what was not stays as it is. */
export function suspectsAfterDeath(suspects: readonly Suspect[], inFlight: readonly Range[]): Suspect[] {
  const accused = inFlight.map((range) => ({
    ...range, deaths: 1 + Math.max(0, ...suspects.filter((other) => overlaps(range, other)).map(({ deaths }) => deaths)),
  }));
  return [...accused, ...suspects.filter((suspect) => !inFlight.some((range) => overlaps(range, suspect)))];
}

/**
 * How to send what may have killed the thread: alone the first time; from the second death on in
 * halves of what was sent last, down to a single line, which is then set aside.
 */
export function cautionsOf(suspects: readonly Suspect[]): Caution[] {
  return suspects.map(({ file, start, end, lines, deaths }) => ({
    file, start, end, lines,
    maxLines: deaths < DEATHS_BEFORE_BISECTION ? lines : lines === 1 ? 0 : Math.ceil(lines / 2),
  }));
}

function overlaps(a: Range, b: Range): boolean {
  return a.file === b.file && a.start < b.end && b.start < a.end;
}
