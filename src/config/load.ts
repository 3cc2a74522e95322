import type { Config } from './config.js';
import { readConfig } from './read-config.js';
import { readSources, type SourceOptions } from './sources.js';

/**
 * The configuration: flags (by variable name) over environment over `.env` in `cwd` over defaults.
 *
 * @throws Failure `bad_configuration` (exit 2) that names every bad variable, its value (never a
 * secret's) and the fix
 */
export function loadConfig(options: SourceOptions = {}): Config {
  return readConfig(readSources(options));
}
