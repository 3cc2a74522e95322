import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cursor } from './cursor.js';
import { LineReader, type Chunk } from './line-reader.js';
import { listSegments, segmentSize, type Segment } from './segments.js';
import type { Settlement } from './settlement.js';

export interface TailOptions {
  readonly dir: string;
  readonly cursor: Cursor;
  readonly settlement: Settlement;
  /** Whether this writer will never append again. Only what is certain: a wrong yes loses its later lines. */
  readonly writerIsGone: (writer: string) => boolean;
}

export interface TailChunk extends Chunk {
  readonly segment: string;
}

interface Source {
  readonly segment: Segment;
  readonly reader: LineReader;
  size: number;
  /** Nobody appends to it any more; what is read after this was learnt is all there is. */
  over: boolean;
  /** All of it was read. */
  finished: boolean;
}

/**
 * Reads the log from a cursor on, oldest first, and follows it as it grows: over rotations, several
 * writers, torn tails and segments that retention has removed. Holds no more than one chunk.
 */
export class Tail {
  readonly #options: TailOptions;
  readonly #sources = new Map<string, Source>();
  readonly #done: Set<string>;
  #tornTails = 0;
  #vanished = 0;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#done = new Set(options.cursor.done);
  }

  /** Closed segments that ended in half a line. */
  get tornTails(): number {
    return this.#tornTails;
  }

  /** Segments that were removed before all of them was settled. */
  get vanished(): number {
    return this.#vanished;
  }

  /** Looks at the folder: new segments, grown ones, closed ones, removed ones. */
  async scan(): Promise<void> {
    const { dir, cursor, settlement } = this.#options;
    const segments = await listSegments(dir);
    const names = new Set(segments.map(({ name }) => name));
    const newest = new Map(segments.map(({ writer, name }) => [writer, name]));
    for (const segment of segments) {
      const { name, writer } = segment;
      if (this.#done.has(name)) continue;
      let source = this.#sources.get(name);
      if (source === undefined) {
        const offset = cursor.open.get(name) ?? 0;
        source = { segment, reader: new LineReader(join(dir, name), offset), size: offset, over: false, finished: false };
        this.#sources.set(name, source);
        settlement.begin(name, offset);
      }
      if (source.over) continue;
      // In this order: a size that was read after the writer had ended is final.
      source.over = newest.get(writer) !== name || this.#options.writerIsGone(writer);
      source.size = await segmentSize(dir, segment) ?? source.size;
    }
    for (const [name, source] of this.#sources) {
      if (names.has(name)) continue;
      if (!settlement.isDone(name)) this.#vanished++;
      await this.#drop(name, source);
    }
    for (const name of this.#done) if (!names.has(name)) this.#done.delete(name);
  }

  /** The oldest lines that were not read yet; undefined where there are none, as far as the last scan knows. */
  async next(maxBytes?: number): Promise<TailChunk | undefined> {
    for (const [name, source] of this.#inOrder()) {
      if (source.finished) continue;
      const { over, reader } = source;
      // Nothing new, as far as the last scan knows.
      if (!over && reader.offset >= source.size) continue;
      const chunk = await reader.read(maxBytes);
      if (chunk === 'gone') {
        this.#vanished++;
        await this.#drop(name, source);
        continue;
      }
      if (chunk !== undefined) {
        source.size = Math.max(source.size, chunk.end);
        return { ...chunk, segment: name };
      }
      if (over) await this.#finish(name, source);
    }
    return undefined;
  }

  /** Names of segments that are settled to their last byte, and the settled beginnings of the others. */
  progress(): { readonly done: ReadonlySet<string>; readonly open: ReadonlyMap<string, number> } {
    const { settlement } = this.#options;
    const open = new Map<string, number>();
    for (const [name] of this.#sources) {
      if (settlement.isDone(name)) {
        settlement.forget(name);
        this.#sources.delete(name);
        this.#done.add(name);
        continue;
      }
      const settled = settlement.settled(name);
      if (settled !== undefined && settled > 0) open.set(name, settled);
    }
    return { done: this.#done, open };
  }

  /** Bytes that are not settled, and the oldest segment of them with the offset of its first such byte. */
  backlog(): { readonly bytes: number; readonly first: { readonly segment: string; readonly offset: number } | undefined } {
    const { settlement } = this.#options;
    let bytes = 0;
    let first: { segment: string; offset: number } | undefined;
    for (const [name, source] of this.#inOrder()) {
      const settled = settlement.settled(name) ?? source.size;
      if (settlement.isDone(name) || settled >= source.size) continue;
      bytes += source.size - settled;
      first ??= { segment: name, offset: settled };
    }
    return { bytes, first };
  }

  async close(): Promise<void> {
    for (const { reader } of this.#sources.values()) await reader.close();
  }

  *#inOrder(): Iterable<[string, Source]> {
    // Sorted as the folder is: a worker's segment may come to light after one with a higher sequence.
    yield* [...this.#sources].sort(([, a], [, b]) => a.segment.sequence - b.segment.sequence || (a.segment.writer < b.segment.writer ? -1 : 1));
  }

  async #finish(name: string, source: Source): Promise<void> {
    const { settlement, dir } = this.#options;
    const size = await stat(join(dir, name)).then(({ size: bytes }) => bytes, () => source.reader.offset);
    if (size > source.reader.offset) {
      this.#tornTails++;
      settlement.skip(name, size);
    }
    settlement.finish(name, size);
    source.size = size;
    source.finished = true;
    await source.reader.close();
  }

  async #drop(name: string, source: Source): Promise<void> {
    this.#sources.delete(name);
    this.#options.settlement.forget(name);
    await source.reader.close();
  }
}
