import { close, fsync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseSegmentName, segmentName } from './segments.js';

/** What a segment asks of the file system; replaced in tests. */
export interface SegmentIo {
  /** Opens a file that must not exist yet, for appending. */
  readonly create: (path: string) => number;
  /** Returns the bytes written. */
  readonly write: (fd: number, data: Buffer) => number;
  readonly sync: (fd: number, done: (error: Error | null) => void) => void;
  readonly close: (fd: number, done: (error?: Error | null) => void) => void;
}

export const FILE_IO: SegmentIo = {
  create: (path) => openSync(path, 'ax', 0o600),
  write: (fd, data) => writeSync(fd, data),
  sync: fsync,
  close,
};

/** The system took only the first bytes. */
export class ShortWrite extends Error {
  readonly written: number;

  constructor(written: number, length: number) {
    super(`short write: ${written} of ${length} bytes`);
    this.written = written;
  }
}

/** The one file that a process appends to: made by it, never opened again by anybody for writing. */
export class SegmentFile {
  readonly name: string;
  /** From when its age counts: the first line, or its creation while there is none. */
  openedAt: number;
  bytes = 0;
  /** Bytes are in the file that no fsync has covered. */
  dirty = false;
  readonly #io: SegmentIo;
  readonly #fd: number;
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(name: string, fd: number, openedAt: number, io: SegmentIo) {
    this.name = name;
    this.openedAt = openedAt;
    this.#io = io;
    this.#fd = fd;
  }

  /** Writes whole lines. @throws when the system refuses, ShortWrite when it takes only a part; the file is then not to be used again. */
  append(lines: Buffer): void {
    const written = this.#io.write(this.#fd, lines);
    this.bytes += written;
    this.dirty = true;
    if (written !== lines.length) throw new ShortWrite(written, lines.length);
  }

  /** Resolves after an fsync that began after this call; calls that come meanwhile share the next one. */
  sync(): Promise<void> {
    if (this.#nextSync !== undefined) return this.#nextSync;
    if (this.#syncing === undefined) return this.#startSync();
    this.#nextSync = this.#syncing.catch(() => undefined).then(() => this.#startSync());
    return this.#nextSync;
  }

  /** Syncs what is dirty if asked, then closes; idempotent. Rejects when the sync failed. */
  close(options: { sync: boolean }): Promise<void> {
    this.#closing ??= this.#close(options.sync);
    return this.#closing;
  }

  async #close(sync: boolean): Promise<void> {
    try {
      if (sync && this.dirty) await this.sync();
      else await (this.#nextSync ?? this.#syncing)?.catch(() => undefined);
    } finally {
      await new Promise<void>((resolve, reject) => {
        this.#io.close(this.#fd, (error) => { if (error) reject(error); else resolve(); });
      });
    }
  }

  #startSync(): Promise<void> {
    this.#nextSync = undefined;
    this.dirty = false;
    const run = new Promise<void>((resolve, reject) => {
      this.#io.sync(this.#fd, (error) => {
        this.#syncing = undefined;
        if (error === null) resolve();
        else reject(error);
      });
    });
    this.#syncing = run;
    return run;
  }
}

/**
 * Creates the folder's next segment: one above the highest sequence there and above `after`.
 *
 * @throws the system's error when no file can be made
 */
export function createSegment(dir: string, writer: string, after: number, now: number, io: SegmentIo): SegmentFile {
  const highest = readdirSync(dir).reduce((max, name) => Math.max(max, parseSegmentName(name)?.sequence ?? 0), after);
  const name = segmentName(highest + 1, writer);
  return new SegmentFile(name, io.create(join(dir, name)), now, io);
}
