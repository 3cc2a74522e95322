import type { ClockReading } from '../telemetry/clock-jump.js';
import { enforceRetention, type RetentionResult } from '../telemetry/retention.js';
import type { Segment } from '../telemetry/segments.js';
import type { Logger } from './logger.js';

export interface RetentionLoopOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly retentionMs: number;
  readonly onFull: 'drop-oldest' | 'refuse-requests';
  /** Whether a writer will never append again. */
  readonly writerIsGone: (writer: string) => boolean;
  /** Makes the question "is this segment settled?" for one run. */
  readonly exported: () => Promise<(segment: Segment) => boolean>;
  /** The same for the bytes at a segment's start that are settled, so that a loss is counted exactly. */
  readonly settledBytes?: () => Promise<(segment: Segment) => number>;
  /** Whether `exported` is about the cluster in use: until then age removes nothing. Always unless given. */
  readonly isIdentified?: () => boolean;
  readonly logger: Logger;
  readonly intervalMs?: number;
}

export interface Lost {
  readonly records: number;
  readonly bytes: number;
  /** Wall clock of the last time, milliseconds since the epoch; absent where nothing was. */
  readonly at?: number;
}

export interface RetentionLoop {
  refusing(): boolean;
  full(): boolean;
  /** What was dropped although it was not exported, since the start. */
  lost(): Lost;
  /** Bytes on disk of everything that counts, as of the last run. */
  bytes(): number;
  stop(): void;
}

const INTERVAL_MS = 10_000;

/** Keeps the log within its limits, from the start on and every few seconds; says what it had to drop. */
export function startRetention(options: RetentionLoopOptions): RetentionLoop {
  const { logger, onFull } = options;
  let full = false;
  let previous: ClockReading | undefined;
  let running = false;
  let bytes = 0;
  let lost: Lost = { records: 0, bytes: 0 };

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      const { settledBytes, isIdentified = () => true, ...rest } = options;
      const exported = await options.exported();
      const result = await enforceRetention({
        ...rest, exported, keepOld: !isIdentified(), liveWriters: { has: (writer) => !options.writerIsGone(writer) }, previous,
        ...(settledBytes !== undefined && { settledBytes: await settledBytes() }),
      });
      previous = result.reading;
      bytes = result.bytes;
      if (result.lost.records > 0) lost = { records: lost.records + result.lost.records, bytes: lost.bytes + result.lost.bytes, at: Date.now() };
      report(logger, result, full, onFull);
      full = result.full;
    } catch (error) {
      logger.error({ error: error instanceof Error ? error.message : String(error) }, 'the limits of the telemetry log could not be checked');
    } finally {
      running = false;
    }
  };
  void run();
  const timer = setInterval(() => { void run(); }, options.intervalMs ?? INTERVAL_MS).unref();
  return {
    refusing: () => full && onFull === 'refuse-requests',
    full: () => full,
    lost: () => lost,
    bytes: () => bytes,
    stop: () => { clearInterval(timer); },
  };
}

function report(logger: Logger, result: RetentionResult, wasFull: boolean, onFull: string): void {
  const { removed, lost, clockJumpMs, full, bytes } = result;
  if (clockJumpMs !== undefined) logger.warn({ jump_ms: Math.round(clockJumpMs) }, 'the clock was set by over an hour: age retention rests for a day');
  if (removed.length > 0) logger.info({ segments: removed.length, bytes: removed.reduce((sum, { bytes: size }) => sum + size, 0) }, 'old segments of the telemetry log were removed');
  if (lost.records > 0) {
    logger.error({ records: lost.records, bytes: lost.bytes }, 'the telemetry log was full: records that Elasticsearch does not have were dropped (TELEMETRY_MAX_BYTES, TELEMETRY_ON_FULL=drop-oldest)');
  }
  if (full && !wasFull) logger.error({ bytes, on_full: onFull }, 'the telemetry log is full (TELEMETRY_MAX_BYTES)');
  if (!full && wasFull) logger.info({ bytes }, 'the telemetry log has room again');
}
