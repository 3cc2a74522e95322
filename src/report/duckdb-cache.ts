import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { COLUMNS, fromLines, text } from './duckdb-schema.js';
import type { Session } from './duckdb-session.js';
import type { LogFile } from './log-files.js';

/** Changes with the columns: what an older version has cached is then not met any more. */
const SCHEMA = createHash('sha256').update(COLUMNS).digest('hex').slice(0, 8);

/** A segment becomes at most this much of its size as Parquet; usually it is less than a tenth. */
const MAX_SHARE = 0.25;

/**
 * Parquet copies of segments, ten times as quick to read. Names begin with the segment's stem, by
 * which retention finds them, and carry its size and time, so that a copy of anything else than the
 * segment as it is now is never met. Everything here may be deleted at any time.
 */
export class SegmentCache {
  readonly #dir: string;
  readonly #names: Set<string>;
  #room: number;

  private constructor(dir: string, names: Set<string>, room: number) {
    this.#dir = dir;
    this.#names = names;
    this.#room = room;
  }

  /** `room`: bytes that the cache may still grow by. */
  static async open(dir: string, room: number): Promise<SegmentCache> {
    const names = await readdir(dir).catch(() => []);
    return new SegmentCache(dir, new Set(names), room);
  }

  /** The copy of this segment, or undefined where there is none. */
  find(file: LogFile): string | undefined {
    const name = cacheName(file);
    return this.#names.has(name) ? join(this.#dir, name) : undefined;
  }

  /**
   * Makes the copy from `source`, the segment or its whole lines. Undefined where the folder cannot be
   * written, is full, or the segment has changed meanwhile.
   */
  async build(session: Session, file: LogFile, source: string): Promise<string | undefined> {
    if (file.bytes * MAX_SHARE > this.#room) return undefined;
    const name = cacheName(file);
    const draft = join(this.#dir, `${name}.${randomUUID()}.tmp`);
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      await session.rows(`COPY (${fromLines([source], '*')}) TO ${text(draft)} (FORMAT parquet, COMPRESSION zstd)`);
      const now = await stat(file.path);
      if (now.size !== file.bytes || now.mtimeMs !== file.mtimeMs) return undefined;
      await chmod(draft, 0o600);
      await rename(draft, join(this.#dir, name));
      this.#room -= (await stat(join(this.#dir, name))).size;
      await this.#removeOthers(file, name);
      return join(this.#dir, name);
    } catch {
      this.#room = 0; // the next one would fare no better; whoever reads the segment itself says what is wrong
      return undefined;
    } finally {
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  /** Copies of what the segment was before. */
  async #removeOthers(file: LogFile, current: string): Promise<void> {
    const stem = `${stemOf(file)}.`;
    for (const name of this.#names) {
      if (name.startsWith(stem) && name !== current) await rm(join(this.#dir, name), { force: true }).catch(() => undefined);
    }
  }
}

function cacheName(file: LogFile): string {
  return `${stemOf(file)}.${String(file.bytes)}-${String(Math.floor(file.mtimeMs))}.${SCHEMA}.parquet`;
}

function stemOf(file: LogFile): string {
  return file.name.slice(0, file.name.lastIndexOf('.'));
}
