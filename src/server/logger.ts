import pino, { type Logger } from 'pino';
import type { LogLevel } from '../config/config.js';
import { jsonWithoutControls } from '../domain/control-characters.js';
import type { Exchange } from '../domain/exchange.js';
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
  }, process.stderr.isTTY ? readable() : lines());
}

/** Models and paths are what clients send: nothing of them may steer the terminal that a log is read on. */
function lines(): { write(line: string): void } {
  const stderr = pino.destination({ dest: 2, sync: true });
  return { write: (line) => { stderr.write(jsonWithoutControls(line)); } };
}

function readable(): { write(line: string): void } {
  const color = (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
  return { write: (line) => { process.stderr.write(readableLine(line, color)); } };
}

/** What LOG_REQUESTS says of a request: no key, no prompt, no answer. */
export function requestLine(exchange: Exchange): Readonly<Record<string, unknown>> {
  const { usage } = exchange;
  return {
    request_id: exchange.requestId, client: exchange.client, provider: exchange.provider, model: exchange.model, method: exchange.method,
    path: exchange.path, status: exchange.statusCode, total_ms: Math.round(exchange.totalMs), input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens, error_type: exchange.errorType, end_reason: exchange.endReason,
  };
}
