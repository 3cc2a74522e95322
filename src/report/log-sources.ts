import { join } from 'node:path';
import { measureDisk } from '../telemetry/disk-usage.js';
import { telemetryPaths } from '../telemetry/layout.js';
import { SegmentCache } from './duckdb-cache.js';
import type { Session } from './duckdb-session.js';
import { copyBeginning, wholeLines, type LogFile } from './log-files.js';

/** Where the records of the log are read from; every record is in exactly one of the files. */
export interface LogSources {
  readonly parquet: readonly string[];
  /** Files of whole lines. */
  readonly lines: readonly string[];
}

export interface SourceOptions {
  /** TELEMETRY_DIR. */
  readonly dir: string;
  /** TELEMETRY_MAX_BYTES: the cache must not drive records out of the log. */
  readonly maxBytes: number;
  /** Nothing before this time is asked for; milliseconds since the epoch. */
  readonly since: number;
  readonly note: (text: string) => void;
}

const DAY_MS = 86_400_000;
/** Retention starts at the limit; the log needs room to grow until then. */
const FULL_SHARE = 0.9;
const WORTH_SAYING_BYTES = 256 * 1024 ** 2;

/**
 * Brings the segments into a form that can be read: closed ones as Parquet from the cache, which is
 * built where it can be; of open ones a copy of their whole lines, so that nothing is read that is
 * just being written.
 */
export async function prepareSources(session: Session, files: readonly LogFile[], options: SourceOptions): Promise<LogSources> {
  // A record is appended after its request was received; the day is for clocks that were set.
  const wanted = files.filter(({ mtimeMs }) => mtimeMs + DAY_MS >= options.since);
  const cache = await openCache(files, options);
  const parquet: string[] = [];
  const lines: string[] = [];
  const missing = wanted.filter((file) => file.closed && cache.find(file) === undefined);
  const bytes = missing.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > WORTH_SAYING_BYTES) options.note(`Reading ${String(Math.round(bytes / 1024 ** 2))} MiB of the log for the first time; later reports take a fraction of it.`);
  for (const file of wanted) {
    const cached = file.closed ? cache.find(file) : undefined;
    if (cached !== undefined) {
      parquet.push(cached);
      continue;
    }
    const source = await wholeLinesOf(session, file);
    if (source === undefined) continue;
    const built = file.closed ? await cache.build(session, file, source) : undefined;
    if (built === undefined) lines.push(source);
    else parquet.push(built);
  }
  return { parquet, lines };
}

async function openCache(files: readonly LogFile[], { dir, maxBytes }: SourceOptions): Promise<SegmentCache> {
  // What cannot be measured gets no cache.
  const others = await measureDisk(dir).then(({ bytes }) => bytes, () => Infinity);
  const segments = files.reduce((sum, file) => sum + file.bytes, 0);
  return SegmentCache.open(telemetryPaths(dir).cache, maxBytes * FULL_SHARE - segments - others);
}

/** The segment itself where it is closed and ends with a line, else a copy up to its last line's end; undefined where it has no whole line. */
async function wholeLinesOf(session: Session, file: LogFile): Promise<string | undefined> {
  const whole = await wholeLines(file.path, file.bytes);
  if (whole === 0) return undefined;
  if (file.closed && whole === file.bytes) return file.path;
  const copy = join(session.tempDir, file.name);
  await copyBeginning(file.path, copy, whole);
  return copy;
}
