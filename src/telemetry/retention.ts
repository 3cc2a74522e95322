import { createReadStream } from 'node:fs';
import { stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { clockReading, judgeClock, type ClockReading } from './clock-jump.js';
import { measureDisk, type MeasuredFile } from './disk-usage.js';
import { telemetryPaths } from './layout.js';
import { linesIn } from './line-format.js';
import { listSegments, type Segment } from './segments.js';

export interface RetentionOptions {
  readonly dir: string;
  /** Limit of segments, retry/, dead-letters/ and cache/ together (TELEMETRY_MAX_BYTES). */
  readonly maxBytes: number;
  /** Age at which an exported segment goes (TELEMETRY_RETENTION); counted from its last append. */
  readonly retentionMs: number;
  readonly onFull: 'drop-oldest' | 'refuse-requests';
  /** Whether all of a segment is settled everywhere it must go. Always true where nothing exports. */
  readonly exported: (segment: Segment) => boolean;
  /** Bytes at a segment's start that are settled, for an exact count of what is lost; none unless given. */
  readonly settledBytes?: (segment: Segment) => number;
  /** Age removes nothing now. */
  readonly keepOld?: boolean;
  /** Whether a `writer` may still append (own process and workers): the newest segment of such a one is never touched. */
  readonly liveWriters: { has(writer: string): boolean };
  /** Now; the clocks of this process unless given. */
  readonly now?: ClockReading;
  /** `reading` of the run before, so that a clock that was set is noticed; absent in the first run. */
  readonly previous?: ClockReading | undefined;
}

export interface RemovedSegment {
  readonly name: string;
  readonly bytes: number;
  readonly reason: 'age' | 'size';
}

export interface RetentionResult {
  readonly removed: readonly RemovedSegment[];
  /** Files of the cache that went for their size; they can be built again. */
  readonly removedCacheFiles: number;
  /** What was not exported and is gone: loud. */
  readonly lost: { readonly segments: number; readonly records: number; readonly bytes: number };
  /** Bytes that are left, of everything that counts. */
  readonly bytes: number;
  /** Still over the limit: under `refuse-requests` nothing more may be taken in. */
  readonly full: boolean;
  /** How far the wall clock moved against the monotonic one since the last run, where it was over an hour. */
  readonly clockJumpMs: number | undefined;
  /** For `previous` of the next run. */
  readonly reading: ClockReading;
}

interface Candidate extends MeasuredFile {
  readonly segment: Segment;
  readonly mtimeMs: number;
  readonly exported: boolean;
}

/**
 * Keeps the log within its limits of age and size. Age removes only what is exported. Size removes
 * the cache, which can be built again, then exported segments, oldest first, and unexported ones,
 * oldest first, only under `drop-oldest`.
 */
export async function enforceRetention(options: RetentionOptions): Promise<RetentionResult> {
  const { dir, maxBytes, retentionMs } = options;
  const clock = judgeClock(options.now ?? clockReading(), options.previous);
  const { closed, cache, bytes: total } = await survey(options);
  const removed: RemovedSegment[] = [];
  const lost = { segments: 0, records: 0, bytes: 0 };
  let removedCacheFiles = 0;
  let bytes = total;

  const dropCache = async (file: MeasuredFile): Promise<void> => {
    if (!cache.delete(file) || !await remove(join(telemetryPaths(dir).cache, file.name))) return;
    bytes -= file.bytes;
    removedCacheFiles++;
  };
  const drop = async (candidate: Candidate, reason: 'age' | 'size'): Promise<void> => {
    const path = join(dir, candidate.name);
    const settled = candidate.exported ? candidate.bytes : options.settledBytes?.(candidate.segment) ?? 0;
    const records = await countLines(path, settled, candidate.bytes);
    if (!await remove(path)) return;
    bytes -= candidate.bytes;
    removed.push({ name: candidate.name, bytes: candidate.bytes, reason });
    if (!candidate.exported && records > 0) {
      lost.segments++;
      lost.records += records;
      lost.bytes += candidate.bytes - settled;
    }
    const stem = candidate.name.slice(0, candidate.name.lastIndexOf('.'));
    for (const file of [...cache]) if (file.name.startsWith(stem)) await dropCache(file);
  };

  const queue = new Set(closed);
  for (const candidate of closed) {
    const aged = !clock.pauseAge && options.keepOld !== true && candidate.exported && clock.reading.wall - candidate.mtimeMs > retentionMs;
    if (!aged && candidate.bytes > 0) continue;
    queue.delete(candidate);
    await drop(candidate, 'age');
  }
  for (const file of [...cache]) if (bytes > maxBytes) await dropCache(file);
  for (const candidate of queue) if (bytes > maxBytes && candidate.exported) await drop(candidate, 'size');
  if (options.onFull === 'drop-oldest') {
    for (const candidate of queue) if (bytes > maxBytes && !candidate.exported) await drop(candidate, 'size');
  }
  return { removed, removedCacheFiles, lost, bytes, full: bytes > maxBytes, clockJumpMs: clock.jumpMs, reading: clock.reading };
}

/** Closed segments in log order, the cache's files, and the bytes of everything that counts. */
async function survey(options: RetentionOptions): Promise<{ closed: Candidate[]; cache: Set<MeasuredFile>; bytes: number }> {
  const { dir, liveWriters } = options;
  const segments = await listSegments(dir);
  const newest = new Map(segments.map((segment) => [segment.writer, segment.name]));
  const { cache, bytes: others } = await measureDisk(dir);
  const closed: Candidate[] = [];
  let bytes = others;
  for (const segment of segments) {
    const found = await stat(join(dir, segment.name)).catch(() => undefined);
    if (found === undefined) continue;
    bytes += found.size;
    if (liveWriters.has(segment.writer) && newest.get(segment.writer) === segment.name) continue;
    closed.push({ segment, name: segment.name, bytes: found.size, mtimeMs: found.mtimeMs, exported: options.exported(segment) });
  }
  return { closed, cache: new Set(cache), bytes };
}

async function countLines(path: string, start: number, end: number): Promise<number> {
  if (start >= end) return 0;
  let lines = 0;
  try {
    for await (const chunk of createReadStream(path, { start, end: end - 1 }) as AsyncIterable<Buffer>) {
      lines += linesIn(chunk);
    }
  } catch {
    // Unreadable: what was counted stands; removing it says the rest.
  }
  return lines;
}

/** Whether the file is gone by our doing; one that resists is left for the next run. */
async function remove(path: string): Promise<boolean> {
  return unlink(path).then(() => true, () => false);
}
