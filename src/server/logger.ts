import pino, { type Logger } from 'pino';
import type { LogLevel } from '../config/config.js';

export type { Logger };

/** The process's log: JSON lines on stderr, so that stdout keeps the first screen alone. Never given headers or bodies. */
export function createLogger(level: LogLevel): Logger {
  return pino({ name: 'gateway', level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }));
}
