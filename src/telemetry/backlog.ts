import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readCursor, readLatestCursor, settledOf, type Cursor } from './cursor.js';
import { countDeadLetters } from './dead-letters.js';
import { lineTime, TIMESTAMP_END } from './line-format.js';
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

/**
 * Reads from disk alone how far the export is behind; takes no lock and changes nothing. Without
 * `clusterUuid` (the cluster does not answer) the cursor of index and layout that was written last
 * counts. A target without a cursor is behind by the whole log.
 */
export async function readBacklog(dir: string, target: { clusterUuid: string | undefined; index: string; layout: string }, now: number = Date.now()): Promise<Backlog> {
  const { clusterUuid, index, layout } = target;
  const cursor = clusterUuid === undefined ? await readLatestCursor(dir, index, layout) : await readCursor(dir, { clusterUuid, index, layout });
  const { bytes, first } = await unsettled(dir, cursor);
  const time = first === undefined ? undefined : await timeAt(dir, first.segment, first.offset);
  return {
    behindBytes: bytes,
    ...(time !== undefined && { oldestMs: Math.max(0, now - time) }),
    retryBytes: cursor === undefined ? 0 : await retryBytes(dir, cursor),
    deadLetters: await countDeadLetters(dir),
  };
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
