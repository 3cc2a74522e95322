import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readCursor, readLatestCursor, settledOf, type Cursor } from './cursor.js';
import { countDeadLetters } from './dead-letters.js';
import { lineTime, TIMESTAMP_END } from './line-format.js';
import { LineReader, linesOf } from './line-reader.js';
import { retryBytes } from './retry-files.js';
import { listSegments, segmentSize } from './segments.js';

/** How far the export to a target is behind. */
export interface Backlog {
  /** Bytes of the log that are not settled. */
  readonly behindBytes: number;
  /** Age of the oldest record among them, in milliseconds. */
  readonly oldestMs?: number;
  /** Bytes under retry/ that are not settled. */
  readonly retryBytes: number;
  readonly deadLetters: number;
}

/** Which target: without `clusterUuid` (the cluster does not answer) or `layout`, the one of that index that was written to last. */
export interface BacklogTarget {
  readonly clusterUuid: string | undefined;
  readonly index: string;
  readonly layout: string | undefined;
}

/**
 * Reads from disk alone how far the export is behind; takes no lock and changes nothing. A target
 * without a cursor is behind by the whole log.
 */
export async function readBacklog(dir: string, target: BacklogTarget, now: number = Date.now()): Promise<Backlog> {
  return { ...await readUnsettled(dir, target, now), deadLetters: await countDeadLetters(dir) };
}

/** The same without the dead letters, whose files have to be read. */
export async function readUnsettled(dir: string, target: BacklogTarget, now: number = Date.now()): Promise<Omit<Backlog, 'deadLetters'>> {
  const cursor = await findCursor(dir, target);
  const { bytes, first } = await unsettled(dir, cursor);
  const time = first === undefined ? undefined : await timeAt(dir, first.segment, first.offset);
  return {
    behindBytes: bytes,
    ...(time !== undefined && { oldestMs: Math.max(0, now - time) }),
    retryBytes: cursor === undefined ? 0 : await retryBytes(dir, cursor),
  };
}

/** The target's cursor, if it has one. */
export async function findCursor(dir: string, { clusterUuid, index, layout }: BacklogTarget): Promise<Cursor | undefined> {
  return clusterUuid === undefined || layout === undefined
    ? readLatestCursor(dir, index, layout)
    : readCursor(dir, { clusterUuid, index, layout });
}

/** The time of the line that begins at an offset; undefined where none does. */
export async function timeAt(dir: string, segment: string, offset: number): Promise<number | undefined> {
  const file = await open(join(dir, segment), 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const head = Buffer.alloc(TIMESTAMP_END);
    const { bytesRead } = await file.read(head, 0, TIMESTAMP_END, offset);
    return bytesRead < TIMESTAMP_END ? undefined : lineTime(head);
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

const SAMPLE_BYTES = 64 * 1024;
const SAMPLES = 8;

/** About how many records so many bytes of the log are, by the length of lines here and there in it. */
export async function estimateRecords(dir: string, bytes: number): Promise<number> {
  if (bytes === 0) return 0;
  const segments = await listSegments(dir);
  const step = Math.max(1, Math.ceil(segments.length / SAMPLES));
  let sampled = 0;
  let lines = 0;
  for (const segment of segments.filter((_, i) => i % step === 0)) {
    const reader = new LineReader(join(dir, segment.name), 0);
    const chunk = await reader.read(SAMPLE_BYTES);
    await reader.close();
    if (chunk === undefined || chunk === 'gone') continue;
    sampled += chunk.end - chunk.start;
    lines += [...linesOf(chunk)].length;
  }
  return lines === 0 ? 0 : Math.round(bytes / (sampled / lines));
}

async function unsettled(dir: string, cursor: Cursor | undefined): Promise<{ bytes: number; first: { segment: string; offset: number } | undefined }> {
  let bytes = 0;
  let first: { segment: string; offset: number } | undefined;
  for (const segment of await listSegments(dir)) {
    if (cursor?.done.has(segment.name) === true) continue;
    const size = await segmentSize(dir, segment) ?? 0;
    const settled = cursor === undefined ? 0 : settledOf(cursor, segment.name, size);
    if (settled >= size) continue;
    bytes += size - settled;
    first ??= { segment: segment.name, offset: settled };
  }
  return { bytes, first };
}
