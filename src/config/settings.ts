import { Failure } from '../domain/failure.js';
import type { Source, Sourced } from './config.js';
import { VARIABLES, type Values, type VariableName } from './schema.js';
import type { Sources } from './sources.js';
import { InvalidValue, type Variable } from './variable.js';

export const VARIABLE_NAMES = Object.keys(VARIABLES) as readonly VariableName[];

/** The schema's entry with its exact type forgotten. */
export function variableNamed(name: VariableName): Variable<unknown> {
  return VARIABLES[name];
}

/**
 * Reads every variable of the schema; what nobody set has its default, or is undefined.
 *
 * @throws Failure `bad_configuration` that names all that cannot be used
 */
export function readValues(sources: Sources): Values {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const name of VARIABLE_NAMES) {
    const variable = variableNamed(name);
    const given = sources.find(name) ?? defaultOf(variable);
    if (given === undefined) continue;
    try {
      values[name] = variable.parse(given.value);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      problems.push(problemOf(name, given, error));
    }
  }
  if (problems.length > 0) throw badConfiguration(problems);
  return values as Values;
}

function defaultOf(variable: Variable<unknown>): Sourced | undefined {
  return variable.default === undefined ? undefined : { value: variable.default, source: 'default' };
}

interface Problem {
  readonly message: string;
  readonly fix: string;
}

const SHOWN = 80;

function problemOf(name: VariableName, { value, source }: Sourced, error: InvalidValue): Problem {
  const variable = variableNamed(name);
  const shown = variable.mask?.(value) ?? value;
  const cut = shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown;
  return { message: `${name}=${cut}: ${error.message}`, fix: error.fix ?? fixFor(name, variable, source) };
}

function fixFor(name: VariableName, { flag, example }: Variable<unknown>, source: Source): string {
  if (source === 'flag' && flag !== undefined) return `Correct the flag, for example --${flag} ${example}.`;
  return `Correct it in ${source === '.env' ? 'the file .env' : 'the environment'}, for example ${name}=${example}.`;
}

function badConfiguration(problems: readonly Problem[]): Failure {
  // Line by line: `errorText` puts each fix under its message.
  return new Failure({
    code: 'bad_configuration',
    message: problems.map(({ message }) => message).join('\n'),
    fix: problems.map(({ fix }) => fix).join('\n'),
  });
}
