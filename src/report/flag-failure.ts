import { Failure } from '../domain/failure.js';

/** The failure (exit 2) of a flag whose value is not understood. */
export function wrongFlag(flag: string, value: string, problem: string, fix: string): Failure {
  return new Failure({ code: 'bad_flag_value', message: `--${flag} ${value === '' ? '""' : value}: ${problem}`, fix });
}
