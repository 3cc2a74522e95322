import { randomInt } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { linesIn, NEWLINE } from './line-format.js';
import { createSegment, FILE_IO, ShortWrite, type SegmentFile, type SegmentIo } from './segment-file.js';
import { parseSegmentName } from './segments.js';
import { isDiskFull, prepareTelemetryDir, unwritable } from './telemetry-dir.js';

export type FsyncMode = 'interval' | 'always' | 'never';

/** What the log has to say beyond its counters; once per change, not per line. */
export type LogEvent =
  /** A line could not be kept: lines are being lost from now on. */
  | { readonly type: 'degraded'; readonly error: string }
  /** Lines are kept again; `lost` is how many were not. */
  | { readonly type: 'recovered'; readonly lost: number }
  /** The disk did not confirm what was written: a power cut may lose it. */
  | { readonly type: 'fsync-failed'; readonly error: string };

export interface LogOptions {
  readonly dir: string;
  readonly fsync: FsyncMode;
  /** Longest time between a write and its fsync in the mode `interval`; 1 s unless given. */
  readonly fsyncIntervalMs?: number;
  /** 64 MiB unless given. */
  readonly maxSegmentBytes?: number;
  /** An hour unless given. */
  readonly maxSegmentAgeMs?: number;
  readonly onEvent?: (event: LogEvent) => void;
  /** Milliseconds of a monotonic clock. */
  readonly clock?: () => number;
  readonly io?: SegmentIo;
}

export interface LogStats {
  readonly linesWritten: number;
  readonly bytesWritten: number;
  /** Lines that were not kept. */
  readonly appendFailures: number;
  /** Writes and fsyncs that failed, also those whose line went into the next segment instead. */
  readonly ioErrors: number;
  /** Writes that took over 50 ms. */
  readonly slowWrites: number;
  readonly lastSlowWriteMs: number | undefined;
  /** Wall clock of the last one, milliseconds since the epoch. */
  readonly lastSlowWriteAt: number | undefined;
  readonly lastError: string | undefined;
  /** Wall clock, milliseconds since the epoch, since when lines are being lost; undefined while all is well. */
  readonly degradedSince: number | undefined;
}

export interface TelemetryLog {
  /** `PID-RANDOM`: the writer part of this process's segments. */
  readonly writer: string;
  /** Name of the segment that the next line goes to; undefined where the next line opens one. */
  readonly currentSegment: string | undefined;
  /**
   * Appends whole lines (one unless told), newlines included, and returns once the system has them; under
   * fsync `always`, a promise that resolves once the disk has them. Never throws or rejects: failures are counted.
   */
  append(text: string, lines?: number): void | Promise<void>;
  stats(): LogStats;
  /** Brings everything to disk and closes, within `deadlineMs` (5 s unless given). A later append opens a new segment. */
  close(deadlineMs?: number): Promise<void>;
}

const SLOW_WRITE_MS = 50;
const CLOSE_DEADLINE_MS = 5_000;

/**
 * Opens the log of this process: a new segment in `dir`, which is made where absent.
 *
 * @throws Failure `telemetry_dir_unwritable`
 */
export async function openLog(options: LogOptions): Promise<TelemetryLog> {
  await prepareTelemetryDir(options.dir);
  const log = new SegmentLog(options);
  log.openFirst();
  return log;
}

class SegmentLog implements TelemetryLog {
  readonly writer = `${process.pid}-${randomInt(36 ** 6).toString(36).padStart(6, '0')}`;
  readonly #dir: string;
  readonly #fsync: FsyncMode;
  readonly #fsyncIntervalMs: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  readonly #onEvent: (event: LogEvent) => void;
  readonly #clock: () => number;
  readonly #io: SegmentIo;
  readonly #retiring = new Set<Promise<void>>();
  #segment: SegmentFile | undefined;
  #sequence = 0;
  #syncTimer: NodeJS.Timeout | undefined;
  #linesWritten = 0;
  #bytesWritten = 0;
  #appendFailures = 0;
  #ioErrors = 0;
  #slowWrites = 0;
  #lastSlowWriteMs: number | undefined;
  #lastSlowWriteAt: number | undefined;
  #lastError: string | undefined;
  #degradedSince: number | undefined;
  #lostSinceDegraded = 0;

  constructor(options: LogOptions) {
    this.#dir = options.dir;
    this.#fsync = options.fsync;
    this.#fsyncIntervalMs = options.fsyncIntervalMs ?? 1_000;
    this.#maxBytes = options.maxSegmentBytes ?? 64 * 1024 * 1024;
    this.#maxAgeMs = options.maxSegmentAgeMs ?? 3_600_000;
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#clock = options.clock ?? (() => performance.now());
    this.#io = options.io ?? FILE_IO;
  }

  openFirst(): void {
    try {
      this.#segment = this.#open(this.#clock());
    } catch (error) {
      if (!isDiskFull(error)) throw unwritable(this.#dir, error);
      this.#failed(error);
    }
  }

  get currentSegment(): string | undefined {
    return this.#segment?.name;
  }

  append(text: string, lines = 1): void | Promise<void> {
    const data = Buffer.from(text);
    let kept = this.#write(data);
    const moved = kept < data.length && this.#segment === undefined;
    // A segment that was given up may have been the fault: once more, in a new one, what it did not take whole.
    if (moved) kept += this.#write(data.subarray(kept));
    const lost = kept === data.length ? 0 : linesIn(data.subarray(kept));
    this.#linesWritten += lines - lost;
    this.#bytesWritten += kept;
    if (lost > 0) this.#lost(lost);
    else if (this.#degradedSince !== undefined) this.#recovered();
    if (kept === 0) return;
    if (this.#fsync === 'always') return this.#onDisk(moved);
    if (this.#fsync === 'interval' && this.#syncTimer === undefined) this.#scheduleSync();
  }

  stats(): LogStats {
    return {
      linesWritten: this.#linesWritten,
      bytesWritten: this.#bytesWritten,
      appendFailures: this.#appendFailures,
      ioErrors: this.#ioErrors,
      slowWrites: this.#slowWrites,
      lastSlowWriteMs: this.#lastSlowWriteMs,
      lastSlowWriteAt: this.#lastSlowWriteAt,
      lastError: this.#lastError,
      degradedSince: this.#degradedSince,
    };
  }

  async close(deadlineMs: number = CLOSE_DEADLINE_MS): Promise<void> {
    this.#retire();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => { timer = setTimeout(resolve, deadlineMs); });
    await Promise.race([Promise.all(this.#retiring), deadline]);
    clearTimeout(timer);
  }

  /** Writes into the current segment or a new one; returns the bytes of whole lines that are there now. */
  #write(data: Buffer): number {
    const started = this.#clock();
    try {
      this.#segmentFor(data.length, started).append(data);
      return data.length;
    } catch (error) {
      this.#failed(error);
      // Nobody writes behind half a line. On a full disk an untouched segment stays: one per lost line would be a flood of files.
      if (!isDiskFull(error) || this.#segment?.bytes !== 0) this.#retire();
      return error instanceof ShortWrite ? data.subarray(0, error.written).lastIndexOf(NEWLINE) + 1 : 0;
    } finally {
      const took = this.#clock() - started;
      if (took > SLOW_WRITE_MS) {
        this.#slowWrites++;
        this.#lastSlowWriteMs = took;
        this.#lastSlowWriteAt = Date.now();
      }
    }
  }

  #segmentFor(length: number, now: number): SegmentFile {
    const segment = this.#segment;
    if (segment !== undefined) {
      const full = segment.bytes + length > this.#maxBytes || now - segment.openedAt > this.#maxAgeMs;
      if (segment.bytes === 0) segment.openedAt = now;
      if (!full || segment.bytes === 0) return segment;
      this.#retire();
    }
    return this.#segment = this.#open(now);
  }

  #open(now: number): SegmentFile {
    const segment = createSegment(this.#dir, this.writer, this.#sequence, now, this.#io);
    this.#sequence = parseSegmentName(segment.name)?.sequence ?? this.#sequence + 1;
    return segment;
  }

  /** Nothing more goes into the current segment: it is synced and closed behind our back. */
  #retire(): void {
    const segment = this.#segment;
    if (segment === undefined) return;
    this.#segment = undefined;
    const closing = segment.close({ sync: this.#fsync !== 'never' })
      .catch((error: unknown) => { this.#syncFailed(error); })
      // An empty file tells readers nothing.
      .then(() => segment.bytes === 0 ? unlink(join(this.#dir, segment.name)).catch(() => undefined) : undefined)
      .finally(() => { this.#retiring.delete(closing); });
    this.#retiring.add(closing);
  }

  /** Resolves when the disk has the last append; where it `moved` on to another segment, both parts. */
  #onDisk(moved: boolean): Promise<void> {
    const synced = this.#segment?.sync().catch((error: unknown) => { this.#syncFailed(error); }) ?? Promise.resolve();
    return moved ? Promise.all([synced, ...this.#retiring]).then(() => undefined) : synced;
  }

  #scheduleSync(): void {
    this.#syncTimer = setTimeout(() => {
      const segment = this.#segment;
      const synced = segment?.dirty === true
        ? segment.sync().catch((error: unknown) => { this.#syncFailed(error); })
        : Promise.resolve();
      void synced.then(() => {
        this.#syncTimer = undefined;
        if (this.#segment?.dirty === true) this.#scheduleSync();
      });
    }, this.#fsyncIntervalMs).unref();
  }

  #failed(error: unknown): void {
    this.#ioErrors++;
    this.#lastError = describe(error);
  }

  #syncFailed(error: unknown): void {
    this.#failed(error);
    this.#tell({ type: 'fsync-failed', error: describe(error) });
  }

  #lost(lines: number): void {
    this.#appendFailures += lines;
    this.#lostSinceDegraded += lines;
    if (this.#degradedSince !== undefined) return;
    this.#degradedSince = Date.now();
    this.#tell({ type: 'degraded', error: this.#lastError ?? 'unknown' });
  }

  #recovered(): void {
    const lost = this.#lostSinceDegraded;
    this.#degradedSince = undefined;
    this.#lostSinceDegraded = 0;
    this.#tell({ type: 'recovered', lost });
  }

  /** A listener's fault must not break the call whose line is being written. */
  #tell(event: LogEvent): void {
    try {
      this.#onEvent(event);
    } catch {
      // The listener's to report.
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
