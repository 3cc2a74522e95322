import { constants, createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readRetries } from './dead-letter-retries.js';
import { syncFolder } from './durable-file.js';
import { telemetryPaths } from './layout.js';
import { ID_END, ID_START } from './line-format.js';

/** A record that Elasticsearch can never take as it is. */
export interface DeadLetter {
  /** The line, newline included. */
  readonly line: Buffer;
  readonly index: string;
  /** The server's type and reason. */
  readonly type: string;
  readonly reason: string;
}

/** One line of a dead-letter file. */
export interface DeadLetterEntry {
  /** When it was refused. */
  readonly time: string;
  readonly request_id: string;
  readonly index: string;
  readonly type: string;
  readonly reason: string;
  /** The record's line as it stands in the log, without its newline. */
  readonly line: string;
}

/** Behind what is there; a link in the file's place is not followed. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

const NAME = /^(\d{8})\.ndjson$/;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

export interface DeadLettersOptions {
  readonly dir: string;
  /** Limit of all files together. */
  readonly maxBytes: number;
  readonly maxFileBytes?: number;
}

/**
 * Keeps dead letters in `dead-letters/`, at most `maxBytes` of them: beyond that they are only
 * counted (the log still has their lines until its retention). A record that is refused again is
 * not written again.
 */
export class DeadLetters {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #maxFileBytes: number;
  readonly #known: Set<string>;
  #sequence: number;
  #fileBytes: number;
  #bytes: number;
  #beyondLimit = 0;
  #again = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: DeadLettersOptions, found: { sequence: number; fileBytes: number; bytes: number; known: Set<string> }) {
    this.#folder = telemetryPaths(options.dir).deadLetters;
    this.#maxBytes = options.maxBytes;
    this.#maxFileBytes = options.maxFileBytes ?? MAX_FILE_BYTES;
    this.#sequence = found.sequence;
    this.#fileBytes = found.fileBytes;
    this.#bytes = found.bytes;
    this.#known = found.known;
  }

  static async load(options: DeadLettersOptions): Promise<DeadLetters> {
    const folder = telemetryPaths(options.dir).deadLetters;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeDelivered(options.dir);
    const files = await deadLetterFiles(options.dir);
    const last = files.at(-1);
    // Only the last file's: what is refused again after a crash was refused shortly before it.
    const known = last === undefined ? new Set<string>() : await idsOf(last.path);
    return new DeadLetters(options, {
      // A file of an earlier run may end in half a line: never behind it.
      sequence: last === undefined ? 1 : last.sequence + 1,
      fileBytes: 0, bytes: files.reduce((sum, file) => sum + file.bytes, 0), known,
    });
  }

  /** Letters that were not kept, for the limit. */
  get beyondLimit(): number {
    return this.#beyondLimit;
  }

  /** Refusals of records that are dead letters already. */
  get again(): number {
    return this.#again;
  }

  /**
   * Writes letters; resolves with how many once the disk has them.
   *
   * @throws the system's error; none of them then counts as kept
   */
  async add(letters: readonly DeadLetter[], now: number = Date.now()): Promise<number> {
    const added = this.#turn.then(() => this.#add(letters, now));
    this.#turn = added.catch(() => undefined);
    return added;
  }

  async #add(letters: readonly DeadLetter[], now: number): Promise<number> {
    const fresh = letters.map((letter) => entryOf(letter, now)).filter(({ request_id: id }) => !this.#known.has(id));
    this.#again += letters.length - fresh.length;
    const lines: string[] = [];
    let bytes = 0;
    for (const entry of fresh) {
      const text = `${JSON.stringify(entry)}\n`;
      const size = Buffer.byteLength(text);
      if (this.#bytes + bytes + size > this.#maxBytes) {
        this.#beyondLimit++;
        continue;
      }
      lines.push(text);
      bytes += size;
    }
    if (lines.length > 0) await this.#append(lines.join(''), bytes);
    for (const { request_id: id } of fresh) this.#known.add(id);
    return lines.length;
  }

  async #append(text: string, bytes: number): Promise<void> {
    if (this.#fileBytes > 0 && this.#fileBytes + bytes > this.#maxFileBytes) this.#nextFile();
    const isNew = this.#fileBytes === 0;
    const file = await open(join(this.#folder, `${String(this.#sequence).padStart(8, '0')}.ndjson`), isNew ? 'ax' : APPEND, 0o600);
    try {
      await file.writeFile(text);
      await file.datasync();
    } catch (error) {
      this.#nextFile(); // nobody writes behind half a line
      throw error;
    } finally {
      await file.close();
    }
    if (isNew) await syncFolder(this.#folder);
    this.#fileBytes += bytes;
    this.#bytes += bytes;
  }

  #nextFile(): void {
    this.#sequence++;
    this.#fileBytes = 0;
    this.#known.clear();
  }
}

/** The dead-letter files in their order. */
export async function deadLetterFiles(dir: string): Promise<{ path: string; sequence: number; bytes: number }[]> {
  const folder = telemetryPaths(dir).deadLetters;
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = await Promise.all(names.map(async (name) => {
    const sequence = NAME.exec(name)?.[1];
    if (sequence === undefined) return undefined;
    const path = join(folder, name);
    return { path, sequence: Number(sequence), bytes: (await stat(path).catch(() => undefined))?.size ?? 0 };
  }));
  return files.filter((file) => file !== undefined).sort((a, b) => a.sequence - b.sequence);
}

/** How many dead letters wait for a fix; those that were delivered by a later attempt do not count. */
export async function countDeadLetters(dir: string): Promise<number> {
  let count = 0;
  for await (const _ of deadLetters(dir)) count++;
  return count;
}

/** The dead letters that wait for a fix, oldest first. */
export async function* deadLetters(dir: string): AsyncGenerator<DeadLetterEntry> {
  const { delivered } = await readRetries(dir);
  for (const { path } of await deadLetterFiles(dir)) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const entry = parseDeadLetter(line);
      if (entry !== undefined && !delivered.has(entry.request_id)) yield entry;
    }
  }
}

/** The entry of one line of a dead-letter file, or undefined where a crash cut it. */
export function parseDeadLetter(text: string): DeadLetterEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<DeadLetterEntry>;
    return typeof entry.request_id === 'string' && typeof entry.line === 'string' ? entry as DeadLetterEntry : undefined;
  } catch {
    return undefined;
  }
}

/** Files of which every letter was delivered by a later attempt are of no more use. */
async function removeDelivered(dir: string): Promise<void> {
  const { delivered } = await readRetries(dir);
  if (delivered.size === 0) return;
  for (const { path } of await deadLetterFiles(dir)) {
    const ids = await idsOf(path);
    if (ids.size > 0 && [...ids].every((id) => delivered.has(id))) await unlink(path).catch(() => undefined);
  }
}

function entryOf({ line, index, type, reason }: DeadLetter, now: number): DeadLetterEntry {
  return {
    time: new Date(now).toISOString(), request_id: line.toString('latin1', ID_START, ID_END), index, type, reason,
    line: line.toString('utf8', 0, line.length - 1),
  };
}

async function idsOf(path: string): Promise<Set<string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return new Set(text.split('\n').flatMap((line) => parseDeadLetter(line)?.request_id ?? []));
}
