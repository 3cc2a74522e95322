import { randomInt } from 'node:crypto';
import { mkdir, open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { targetKey, type Cursor, type Target } from './cursor.js';
import { syncFolder } from './durable-file.js';
import { telemetryPaths } from './layout.js';
import { lineKey } from './line-format.js';
import { LineReader, linesOf, type Chunk } from './line-reader.js';
import type { Settlement } from './settlement.js';

/** The name of a retry file: `TARGET-QUEUE-SEQUENCE-RANDOM.ndjson`. */
const NAME = /^([0-9a-f]{16})-([a-z0-9-]+)-(\d{8,})-[0-9a-z]+\.ndjson$/;
const MAX_FILE_BYTES = 8 * 1024 * 1024;

interface RetryFile {
  readonly name: string;
  readonly queue: string;
  readonly reader: LineReader;
  bytes: number;
  /** Monotonic milliseconds; before that it rests. */
  readyAt: number;
  finished: boolean;
}

interface OpenFile extends RetryFile {
  readonly handle: FileHandle;
  readonly openedAt: number;
}

export interface RetryChunk extends Chunk {
  readonly file: string;
}

export interface RetryOptions {
  readonly dir: string;
  readonly cursor: Cursor;
  readonly settlement: Settlement;
  /** How long lines of a queue rest before they come again, in milliseconds. */
  readonly rests: (queue: string) => number;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

/** What lies in retry/ for a target, in bytes that are not settled yet. */
export async function retryBytes(dir: string, cursor: Cursor): Promise<number> {
  const folder = telemetryPaths(dir).retry;
  const sizes = await Promise.all((await filesOf(folder, cursor.target)).map(async ({ name }) => {
    const size = (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0;
    return Math.max(0, size - (cursor.retry.get(name) ?? 0));
  }));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Ids of the lines in retry/ that are not settled. */
export async function retryIds(dir: string, cursor: Cursor): Promise<Set<string>> {
  const folder = telemetryPaths(dir).retry;
  const ids = new Set<string>();
  for (const { name } of await filesOf(folder, cursor.target)) {
    const reader = new LineReader(join(folder, name), cursor.retry.get(name) ?? 0);
    for (let chunk = await reader.read(); chunk !== undefined && chunk !== 'gone'; chunk = await reader.read()) {
      for (const line of linesOf(chunk)) {
        const id = lineKey(line)?.id;
        if (id !== undefined) ids.add(id);
      }
    }
    await reader.close();
  }
  return ids;
}

/**
 * Lines that come again later, on disk, so that they delay nothing: what an index has refused too
 * often, and what is to be confirmed. Queues of files in the log's own format; a file is read once
 * it is sealed, and removed once it is settled.
 */
export class RetryFiles {
  readonly #options: RetryOptions;
  readonly #folder: string;
  readonly #key: string;
  readonly #clock: () => number;
  readonly #sealed = new Map<string, RetryFile[]>();
  readonly #open = new Map<string, OpenFile>();
  #sequence = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: RetryOptions) {
    this.#options = options;
    this.#folder = telemetryPaths(options.dir).retry;
    this.#key = targetKey(options.cursor.target);
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** Takes up what an earlier run has left. */
  static async load(options: RetryOptions): Promise<RetryFiles> {
    const files = new RetryFiles(options);
    await files.#load();
    return files;
  }

  /** Bytes that are not settled. */
  get bytes(): number {
    let bytes = 0;
    for (const file of this.#all()) bytes += Math.max(0, file.bytes - (this.#options.settlement.settled(file.name) ?? 0));
    return bytes;
  }

  /** Queues that have lines. */
  queues(): string[] {
    return [...new Set([...this.#all()].map(({ queue }) => queue))];
  }

  has(queue: string): boolean {
    return this.#open.has(queue) || (this.#sealed.get(queue)?.length ?? 0) > 0;
  }

  /** Whether any line of the queue was not read yet. */
  isUnread(queue: string): boolean {
    return this.#open.has(queue) || this.#sealed.get(queue)?.some((file) => !file.finished) === true;
  }

  /** Monotonic time at which the next lines of any queue are ready, as far as they rest. */
  nextReadyAt(): number {
    let earliest = Infinity;
    for (const file of this.#all()) if (!file.finished) earliest = Math.min(earliest, file.readyAt);
    return earliest;
  }

  /**
   * Appends lines; resolves once the disk has them.
   *
   * @throws the system's error; the lines are then not to be taken as kept
   */
  async append(queue: string, lines: readonly Buffer[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#inTurn(async () => {
      const file = this.#open.get(queue) ?? await this.#create(queue);
      try {
        const bytes = Buffer.concat(lines);
        const { bytesWritten } = await file.handle.write(bytes);
        if (bytesWritten !== bytes.length) throw new Error(`short write: ${bytesWritten} of ${bytes.length} bytes`);
        await file.handle.datasync();
        file.bytes += bytes.length;
      } catch (error) {
        // Nobody writes behind half a line.
        await this.#seal(file);
        throw error;
      }
      if (file.bytes >= MAX_FILE_BYTES) await this.#seal(file);
    });
  }

  /** Closes files that have been open for `ageMs`, so that they can be read. */
  async sealOlderThan(ageMs: number): Promise<void> {
    await this.#inTurn(async () => {
      for (const file of [...this.#open.values()]) if (this.#clock() - file.openedAt >= ageMs) await this.#seal(file);
    });
  }

  /** Ends the rest of a queue. */
  async wake(queue: string): Promise<void> {
    await this.#inTurn(async () => {
      const file = this.#open.get(queue);
      if (file !== undefined) await this.#seal(file);
      for (const each of this.#sealed.get(queue) ?? []) each.readyAt = 0;
    });
  }

  /** The next lines of a queue that are ready, or whose rest is broken by `early`. */
  async next(queue: string, options: { readonly early?: boolean; readonly maxBytes?: number } = {}): Promise<RetryChunk | undefined> {
    return this.#inTurn(() => this.#next(queue, options));
  }

  async #next(queue: string, options: { readonly early?: boolean; readonly maxBytes?: number }): Promise<RetryChunk | undefined> {
    if (options.early === true) {
      const file = this.#open.get(queue);
      if (file !== undefined && this.#sealed.get(queue)?.some((each) => !each.finished) !== true) await this.#seal(file);
    }
    for (const file of this.#sealed.get(queue) ?? []) {
      if (file.finished || (options.early !== true && file.readyAt > this.#clock())) continue;
      const chunk = await file.reader.read(options.maxBytes);
      if (chunk !== undefined && chunk !== 'gone') return { ...chunk, file: file.name };
      file.finished = true;
      await file.reader.close();
      // What stands behind the last newline was never said to be kept.
      this.#options.settlement.finish(file.name, file.reader.offset);
    }
    return undefined;
  }

  /** Settled beginnings of the files that are left; files that are settled whole are removed. */
  async progress(): Promise<ReadonlyMap<string, number>> {
    return this.#inTurn(() => this.#progress());
  }

  async #progress(): Promise<ReadonlyMap<string, number>> {
    const { settlement } = this.#options;
    const progress = new Map<string, number>();
    for (const [queue, files] of this.#sealed) {
      const left: RetryFile[] = [];
      for (const file of files) {
        if (settlement.isDone(file.name)) {
          await unlink(join(this.#folder, file.name)).catch(() => undefined);
          settlement.forget(file.name);
          continue;
        }
        left.push(file);
        progress.set(file.name, settlement.settled(file.name) ?? 0);
      }
      if (left.length === 0) this.#sealed.delete(queue);
      else this.#sealed.set(queue, left);
    }
    return progress;
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      for (const file of [...this.#open.values()]) await this.#seal(file);
      for (const file of this.#all()) await file.reader.close();
    });
  }

  /** One change at a time: lines come from several answers at once. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #load(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const { cursor, settlement, rests } = this.#options;
    for (const { name, queue, sequence } of await filesOf(this.#folder, cursor.target)) {
      const found = await stat(join(this.#folder, name)).catch(() => undefined);
      if (found === undefined) continue;
      const offset = Math.min(cursor.retry.get(name) ?? 0, found.size);
      this.#sequence = Math.max(this.#sequence, sequence);
      // However the wall clock was set meanwhile, it rests no longer than lines do.
      const rested = Math.max(0, Date.now() - found.mtimeMs);
      const readyAt = this.#clock() + Math.min(rests(queue), Math.max(0, rests(queue) - rested));
      settlement.begin(name, offset);
      this.#keep({ name, queue, reader: new LineReader(join(this.#folder, name), offset), bytes: found.size, readyAt, finished: false });
    }
  }

  async #create(queue: string): Promise<OpenFile> {
    const sequence = String(++this.#sequence).padStart(8, '0');
    const name = `${this.#key}-${queue}-${sequence}-${randomInt(36 ** 6).toString(36).padStart(6, '0')}.ndjson`;
    const path = join(this.#folder, name);
    const handle = await open(path, 'ax', 0o600);
    await syncFolder(this.#folder);
    this.#options.settlement.begin(name, 0);
    const file: OpenFile = { name, queue, handle, reader: new LineReader(path, 0), bytes: 0, openedAt: this.#clock(), readyAt: Infinity, finished: false };
    this.#open.set(queue, file);
    return file;
  }

  async #seal(file: OpenFile): Promise<void> {
    this.#open.delete(file.queue);
    await file.handle.close().catch(() => undefined);
    const { name, queue, reader, bytes } = file;
    this.#keep({ name, queue, reader, bytes, readyAt: this.#clock() + this.#options.rests(queue), finished: false });
  }

  #keep(file: RetryFile): void {
    const files = this.#sealed.get(file.queue);
    if (files === undefined) this.#sealed.set(file.queue, [file]);
    else files.push(file);
  }

  *#all(): Iterable<RetryFile> {
    yield* this.#open.values();
    for (const files of this.#sealed.values()) yield* files;
  }
}

async function filesOf(folder: string, target: Target): Promise<{ name: string; queue: string; sequence: number }[]> {
  const key = targetKey(target);
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.flatMap((name) => {
    const match = NAME.exec(name);
    return match?.[1] === key ? [{ name, queue: match[2] as string, sequence: Number(match[3]) }] : [];
  }).sort((a, b) => a.sequence - b.sequence);
}
