import type { IncomingMessage } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import type { ErrorType } from '../domain/error-types.js';

/** Bytes of all buffered request bodies together, with their limit. */
export class BufferBudget {
  #used = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes bytes from the budget; false when it would be exceeded. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

const JSON_TYPE = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

export function isJsonType(contentType: string | undefined): boolean {
  return contentType === 'application/json' || (contentType !== undefined && JSON_TYPE.test(contentType));
}

export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return length === undefined ? request.headers['transfer-encoding'] !== undefined : length !== '0';
}

export interface BodyReader {
  /** The whole body has come. */
  onBody(body: Buffer): void;
  /** It is not going to come: too large, no room, or the client left. */
  onBodyFailure(reason: Extract<ErrorType, 'body_too_large' | 'buffers_full' | 'client_closed'>, received: number): void;
}

/**
 * Reads a JSON body into memory within both limits. Returns the bytes that it took from the budget
 * through `taken`, so that the caller can give them back when the body is no longer needed.
 */
export class BufferedBody {
  readonly #request: IncomingMessage;
  readonly #reader: BodyReader;
  readonly #budget: BufferBudget;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #received = 0;
  #taken = 0;
  #settled = false;

  constructor(request: IncomingMessage, reader: BodyReader, budget: BufferBudget, maxBytes: number) {
    this.#request = request;
    this.#reader = reader;
    this.#budget = budget;
    this.#maxBytes = maxBytes;
  }

  get received(): number {
    return this.#received;
  }

  start(): void {
    const declared = Number(this.#request.headers['content-length'] ?? 0);
    if (declared > this.#maxBytes) return this.#fail('body_too_large');
    if (!this.#budget.take(declared)) return this.#fail('buffers_full');
    this.#taken = declared;
    this.#request.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#request.on('end', () => this.#onEnd());
    this.#request.on('error', () => this.#fail('client_closed'));
  }

  /** Gives the memory back to the budget; the body must not be used afterwards. */
  release(): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
    this.#chunks = [];
    this.#settled = true;
  }

  #onData(chunk: Buffer): void {
    if (this.#settled) return;
    this.#received += chunk.length;
    if (this.#received > this.#maxBytes) return this.#fail('body_too_large');
    if (this.#received > this.#taken) {
      const more = this.#received - this.#taken;
      if (!this.#budget.take(more)) return this.#fail('buffers_full');
      this.#taken += more;
    }
    this.#chunks.push(chunk);
  }

  #onEnd(): void {
    if (this.#settled) return;
    this.#settled = true;
    const chunks = this.#chunks;
    this.#reader.onBody(chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, this.#received));
  }

  #fail(reason: Extract<ErrorType, 'body_too_large' | 'buffers_full' | 'client_closed'>): void {
    if (this.#settled) return;
    this.release();
    this.#reader.onBodyFailure(reason, this.#received);
  }
}

const SNIFF_BYTES = 64 * 1024;
const MODEL_PART = /name="model"(?:;[^\r\n]*)?\r?\n(?:[^\r\n]+\r?\n)*\r?\n([^\r\n]+)\r?\n/;

/**
 * A body that streams through with backpressure (multipart, binary): counts its bytes and, in
 * multipart, looks for the field `model` in the first 64 KiB.
 */
export class PassingBody extends Transform {
  received = 0;
  model: string | undefined;
  #head: Buffer[] | undefined;
  #headBytes = 0;

  constructor(contentType: string | undefined) {
    super();
    if (contentType?.toLowerCase().startsWith('multipart/form-data') === true) this.#head = [];
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.received += chunk.length;
    if (this.#head !== undefined) this.#sniff(chunk);
    callback(null, chunk);
  }

  #sniff(chunk: Buffer): void {
    const head = this.#head as Buffer[];
    head.push(chunk.subarray(0, SNIFF_BYTES - this.#headBytes));
    this.#headBytes += chunk.length;
    const model = MODEL_PART.exec(Buffer.concat(head).toString('utf8'))?.[1];
    if (model !== undefined) this.model = model;
    if (model !== undefined || this.#headBytes >= SNIFF_BYTES) this.#head = undefined;
  }
}
