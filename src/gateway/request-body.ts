import { Transform, type TransformCallback } from 'node:stream';
import type { ErrorType } from '../domain/error-types.js';
import type { BodyMemory } from './body-memory.js';
import type { ClientRequest } from './client.js';

/** Bytes of all buffered request bodies together, with their limit. */
export class BufferBudget {
  #used = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether so many bytes would fit now; takes nothing. */
  fits(bytes: number): boolean {
    return this.#used + bytes <= this.#limit;
  }

  /** Takes bytes from the budget; false when it would be exceeded. */
  take(bytes: number): boolean {
    if (!this.fits(bytes)) return false;
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

export function hasBody(request: ClientRequest): boolean {
  const length = request.headers['content-length'];
  return length === undefined ? request.headers['transfer-encoding'] !== undefined : length !== '0';
}

export interface BodyReader {
  /** The whole body has come. */
  onBody(body: Buffer): void;
  /** It is not going to come: too large, no room, or the client left. */
  onBodyFailure(reason: Extract<ErrorType, 'body_too_large' | 'buffers_full' | 'client_closed'>): void;
}

/**
 * Reads a body into memory within both limits. What it takes from the budget is what has come, not
 * what was announced: a client that only announces must not keep others out. It is given back by
 * `release`, when the body is needed no longer.
 */
export class BufferedBody {
  readonly #request: ClientRequest;
  readonly #reader: BodyReader;
  readonly #budget: BufferBudget;
  readonly #memory: BodyMemory;
  readonly #maxBytes: number;
  #declared = 0;
  /** What a long body is copied to as it comes; else its chunks are kept. */
  #piece: Buffer | undefined;
  #chunks: Buffer[] = [];
  #received = 0;
  #taken = 0;
  #settled = false;

  constructor(request: ClientRequest, reader: BodyReader, budget: BufferBudget, memory: BodyMemory, maxBytes: number) {
    this.#request = request;
    this.#reader = reader;
    this.#budget = budget;
    this.#memory = memory;
    this.#maxBytes = maxBytes;
  }

  get received(): number {
    return this.#received;
  }

  start(): void {
    this.#declared = Number(this.#request.headers['content-length'] ?? 0);
    if (this.#declared > this.#maxBytes) return this.#fail('body_too_large');
    if (!this.#budget.fits(this.#declared)) return this.#fail('buffers_full');
    this.#request.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#request.on('end', () => this.#onEnd());
    this.#request.on('error', () => this.#fail('client_closed'));
  }

  /**
   * Gives the memory back to the budget; the body must not be used afterwards.
   * @param unread nobody reads its bytes any more, the system that sends them included: others may be written in their place
   */
  release(unread = false): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
    this.#chunks = [];
    this.#settled = true;
    if (this.#piece === undefined) return;
    if (unread) this.#memory.give(this.#piece);
    else this.#memory.forget(this.#piece);
    this.#piece = undefined;
  }

  #onData(chunk: Buffer): void {
    if (this.#settled) return;
    this.#received += chunk.length;
    if (this.#received > this.#maxBytes) return this.#fail('body_too_large');
    if (!this.#budget.take(chunk.length)) return this.#fail('buffers_full');
    this.#taken += chunk.length;
    this.#keep(chunk, this.#received - chunk.length);
  }

  #keep(chunk: Buffer, before: number): void {
    if (before === 0 && chunk.length < this.#declared) this.#piece ??= this.#memory.take(this.#declared);
    const piece = this.#piece;
    if (piece === undefined) {
      this.#chunks.push(chunk);
    } else if (this.#received <= piece.length) {
      piece.set(chunk, before);
    } else {
      // More than was declared: a lenient parser (--insecure-http-parser) lets that pass.
      this.#chunks.push(piece.subarray(0, before), chunk);
      this.#memory.forget(piece);
      this.#piece = undefined;
    }
  }

  #onEnd(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#piece !== undefined) return this.#reader.onBody(this.#piece.subarray(0, this.#received));
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#reader.onBody(chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, this.#received));
  }

  #fail(reason: Extract<ErrorType, 'body_too_large' | 'buffers_full' | 'client_closed'>): void {
    if (this.#settled) return;
    this.release();
    this.#reader.onBodyFailure(reason);
  }
}

const SNIFF_BYTES = 64 * 1024;
/** The part's other headers are few and short: bounds that keep a hostile body from being searched for ever. */
const MODEL_PART = /[;\s]name="model"(?:;[^\r\n]{0,256})?\r?\n(?:[^\r\n]{1,256}\r?\n){0,8}\r?\n([^\r\n]{1,1024})\r?\n/;

/**
 * A body that streams through with backpressure (multipart, binary): counts its bytes and, in
 * multipart, keeps the first 64 KiB, where the field `model` is looked for.
 */
export class PassingBody extends Transform {
  received = 0;
  readonly #isForm: boolean;
  readonly #head: Buffer[] = [];
  #headBytes = 0;

  constructor(contentType: string | undefined) {
    super();
    this.#isForm = contentType?.trimStart().toLowerCase().startsWith('multipart/form-data') === true;
  }

  /** The form's field `model`, as far as the body has come. */
  get model(): string | undefined {
    if (this.#headBytes === 0) return undefined;
    const model = MODEL_PART.exec(Buffer.concat(this.#head).toString('latin1'))?.[1];
    return model === undefined ? undefined : Buffer.from(model, 'latin1').toString('utf8');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.received += chunk.length;
    if (this.#isForm && this.#headBytes < SNIFF_BYTES) {
      const piece = chunk.subarray(0, SNIFF_BYTES - this.#headBytes);
      this.#head.push(piece);
      this.#headBytes += piece.length;
    }
    callback(null, chunk);
  }
}
