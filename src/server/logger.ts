import pino, { type Logger } from 'pino';
import type { LogLevel } from '../config/config.js';
import { readableLine } from './log-line.js';

export type { Logger };

/**
 * The process's log on stderr, so that stdout keeps the first screen alone: JSON lines, or readable ones
 * where a person looks on. Never given headers or bodies.
 */
export function createLogger(level: LogLevel): Logger {
  return pino({
    name: 'gateway', level, base: null, timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }, process.stderr.isTTY ? readable() : pino.destination({ dest: 2, sync: true }));
}

function readable(): { write(line: string): void } {
  const color = (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
  return { write: (line) => { process.stderr.write(readableLine(line, color)); } };
}
