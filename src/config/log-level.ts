import type { LogLevel } from './config.js';
import { InvalidValue } from './variable.js';
import { anyOf } from './parsers.js';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** LOG_LEVEL: one of our levels; `off` is `silent`. */
export function logLevel(value: string): LogLevel {
  const level = levelNamed(value);
  if (level === undefined) throw new InvalidValue(`must be ${anyOf(LEVELS)}`);
  return level;
}

/**
 * RUST_LOG as users of the Rust gateway set it: directives between commas, of which the bare level
 * counts (`info,hyper=warn`; the last of several). Without one the level is `info`. Never refused: the
 * variable may be meant for another program.
 */
export function rustLogLevel(value: string): LogLevel {
  const [directives = ''] = value.split('/');
  return directives.split(',').map((directive) => levelNamed(directive.trim())).findLast((level) => level !== undefined) ?? 'info';
}

function levelNamed(value: string): LogLevel | undefined {
  const word = value.toLowerCase();
  return word === 'off' ? 'silent' : LEVELS.find((level) => level === word);
}
