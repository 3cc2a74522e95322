import { open, type FileHandle } from 'node:fs/promises';

/** Whole lines of a file, or bytes in which no line ends. */
export interface Chunk {
  /** The lines, newlines included, until the next read; empty where the bytes are no lines at all. */
  readonly bytes: Buffer;
  /** Offsets in the file: of the first byte, and behind the last newline. */
  readonly start: number;
  readonly end: number;
}

const CHUNK_BYTES = 1024 * 1024;

/** Reads the lines of one file that may still grow, from an offset on, in chunks of bounded size. */
export class LineReader {
  readonly #path: string;
  #file: FileHandle | undefined;
  #scratch: Buffer | undefined;
  #offset: number;

  constructor(path: string, offset: number) {
    this.#path = path;
    this.#offset = offset;
  }

  /** Where the next chunk begins. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * The next whole lines; undefined where none ends yet, `gone` where the file was removed before it
   * was opened.
   *
   * @throws the system's error
   */
  async read(maxBytes: number = CHUNK_BYTES): Promise<Chunk | 'gone' | undefined> {
    try {
      this.#file ??= await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
      throw error;
    }
    this.#scratch ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const buffer = this.#scratch.subarray(0, Math.min(maxBytes, CHUNK_BYTES));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#offset);
    if (bytesRead === 0) return undefined;
    const start = this.#offset;
    const whole = buffer.lastIndexOf(0x0a, bytesRead - 1) + 1;
    if (whole === 0) {
      const full = bytesRead === buffer.length;
      if (full && buffer.length < CHUNK_BYTES) return this.read();
      if (!full) return undefined;
      // No line is that long: these bytes are no lines.
      this.#offset += bytesRead;
      return { bytes: Buffer.alloc(0), start, end: this.#offset };
    }
    this.#offset += whole;
    return { bytes: buffer.subarray(0, whole), start, end: this.#offset };
  }

  /** Bytes behind the last whole line. */
  async rest(): Promise<number> {
    const size = (await this.#file?.stat())?.size ?? this.#offset;
    return Math.max(0, size - this.#offset);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#scratch = undefined;
    await file?.close();
  }
}

/** Each line of a chunk, newline included, until the next read. */
export function* linesOf({ bytes }: Pick<Chunk, 'bytes'>): Generator<Buffer> {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0x0a, from) + 1;
    yield bytes.subarray(from, end);
    from = end;
  }
}
