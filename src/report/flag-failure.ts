import { closest } from '../domain/closest.js';
import { Failure } from '../domain/failure.js';

/** The failure (exit 2) of a flag whose value is not understood. */
export function wrongFlag(flag: string, value: string, problem: string, fix: string): Failure {
  return new Failure({ code: 'bad_flag_value', message: `--${flag} ${value === '' ? '""' : value}: ${problem}`, fix });
}

/** `Did you mean provider? `, or nothing where no candidate is near the name that was typed. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const typed = name.toLowerCase();
  const meant = closest(typed, candidates) ?? candidates.find((candidate) => candidate.startsWith(`${typed}_`));
  return meant === undefined ? '' : `Did you mean ${meant}? `;
}
