import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { Failure } from '../domain/failure.js';
import type { Sourced } from './config.js';

export interface SourceOptions {
  /** By variable name (`{ PORT: '8080' }`); undefined ones are not given. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  /** `process.env` unless given. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where `.env` lies and relative paths begin; the working directory unless given. */
  readonly cwd?: string;
}

/** Everything that somebody set, in order of precedence. */
export interface Sources {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The names that `.env` sets. */
  readonly fileNames: readonly string[];
  /** The value of a variable and where it came from. Empty values count as absent. */
  readonly find: (name: string) => Sourced | undefined;
}

/** @throws Failure `env_file_unreadable` */
export function readSources({ flags = {}, env = process.env, cwd = process.cwd() }: SourceOptions): Sources {
  const file = readEnvFile(join(cwd, '.env'));
  const layers = [
    { values: flags, source: 'flag' },
    { values: env, source: 'environment' },
    { values: file, source: '.env' },
  ] as const;
  return {
    cwd,
    env,
    fileNames: Object.keys(file),
    find: (name) => {
      for (const { values, source } of layers) {
        const given = Object.hasOwn(values, name) ? values[name] : undefined;
        if (given === undefined || given.trim() === '') continue;
        // A password may begin or end with a space; nothing else may.
        return { value: name.endsWith('PASSWORD') ? given : given.trim(), source };
      }
      return undefined;
    },
  };
}

function readEnvFile(path: string): Readonly<Record<string, string>> {
  try {
    return parse(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw new Failure({
      code: 'env_file_unreadable',
      message: `${path}: cannot be read (${code ?? String(error)})`,
      fix: 'Make it a file that this user can read, or start the gateway in another folder.',
      cause: error,
    });
  }
}
