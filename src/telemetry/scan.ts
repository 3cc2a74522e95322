import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lineKey, lineTime } from './line-format.js';
import { LineReader, linesOf } from './line-reader.js';
import { listSegments } from './segments.js';

/** A record in the log. */
export interface ScannedLine {
  /** Newline included. */
  readonly bytes: Buffer;
  readonly id: string;
  /** UTC, `YYYY-MM-DD`. */
  readonly date: string;
  readonly segment: string;
  /** Offset in its segment. */
  readonly start: number;
}

/** A clock that was set back makes a segment look older than its lines; by more than this nobody should rely on times. */
const SLACK_MS = 24 * 3_600_000;

/**
 * The records of the log that were received from `since` until before `until`, in the log's order;
 * takes no lock and changes nothing. `onBytes` is told how much of the log lies behind, and of how
 * much. What is no record, or removed meanwhile, is left out.
 */
export async function* scanLog(dir: string, range: { readonly since: number; readonly until: number }, onBytes?: (read: number, total: number) => void): AsyncGenerator<ScannedLine> {
  const segments: { name: string; size: number }[] = [];
  for (const { name } of await listSegments(dir)) {
    const found = await stat(join(dir, name)).catch(() => undefined);
    // A record is appended after its request was received.
    if (found !== undefined && found.mtimeMs + SLACK_MS >= range.since) segments.push({ name, size: found.size });
  }
  const total = segments.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const { name, size } of segments) {
    const reader = new LineReader(join(dir, name), 0);
    try {
      for (let chunk = await reader.read(); chunk !== undefined && chunk !== 'gone'; chunk = await reader.read()) {
        let start = chunk.start;
        for (const bytes of linesOf(chunk)) {
          const key = lineKey(bytes);
          const time = key === undefined ? undefined : lineTime(bytes);
          if (key !== undefined && time !== undefined && time >= range.since && time < range.until) yield { bytes: Buffer.from(bytes), ...key, segment: name, start };
          start += bytes.length;
        }
        onBytes?.(before + chunk.end, total);
      }
    } finally {
      await reader.close();
    }
    before += size;
  }
  onBytes?.(total, total);
}
