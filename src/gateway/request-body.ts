import { Transform, type TransformCallback } from 'node:stream';
import type { ErrorType } from '../domain/error-types.js';
import { KeptBytes } from '../wire/kept-bytes.js';
import { FormField, formBoundary } from '../wire/form-field.js';
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

/** Why a body is not going to come: too large, no room, or the client left. */
export type BodyFailure = Extract<ErrorType, 'body_too_large' | 'buffers_full' | 'client_closed'>;

export interface BodyReader {
  /** The whole body has come. */
  onBody(body: Buffer): void;
  onBodyFailure(reason: BodyFailure): void;
  /** The gateway itself met a fault while it was reading. */
  onBodyFault(error: unknown): void;
}

/** Of a body that is over: nothing is added to it. */
const NOTHING = new KeptBytes();

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
  /** What a long body is copied to as it comes, where its length is known. */
  #piece: Buffer | undefined;
  #bytes = new KeptBytes();
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

  /** @param first bytes that have come already */
  start(first?: Buffer): void {
    this.#declared = Number(this.#request.headers['content-length'] ?? 0);
    if (this.#declared > this.#maxBytes) return this.#fail('body_too_large');
    if (!this.#budget.fits(this.#declared)) return this.#fail('buffers_full');
    this.#request.on('data', (chunk: Buffer) => {
      try {
        this.#onData(chunk);
      } catch (error) {
        this.#reader.onBodyFault(error);
      }
    });
    this.#request.on('end', () => this.#onEnd());
    this.#request.on('error', () => this.#fail('client_closed'));
    if (first !== undefined) this.#onData(first);
  }

  /**
   * Gives the memory back to the budget; the body must not be used afterwards.
   * @param unread nobody reads its bytes any more, the system that sends them included: others may be written in their place
   */
  release(unread = false): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
    this.#bytes = NOTHING;
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
      this.#bytes.push(chunk);
    } else if (this.#received <= piece.length) {
      piece.set(chunk, before);
    } else {
      // More than was declared: a lenient parser (--insecure-http-parser) lets that pass.
      this.#bytes.push(piece.subarray(0, before));
      this.#bytes.push(chunk);
      this.#memory.forget(piece);
      this.#piece = undefined;
    }
  }

  #onEnd(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#piece !== undefined) return this.#reader.onBody(this.#piece.subarray(0, this.#received));
    this.#reader.onBody(this.#bytes.take());
  }

  #fail(reason: BodyFailure): void {
    if (this.#settled) return;
    this.release();
    this.#reader.onBodyFailure(reason);
  }
}

/** A body that streams through with backpressure (multipart, binary): counts its bytes, and finds a form's field `model`. */
export class PassingBody extends Transform {
  received = 0;
  readonly #form: FormField | undefined;

  constructor(contentType: string | undefined) {
    super();
    const boundary = formBoundary(contentType);
    if (boundary !== undefined) this.#form = new FormField('model', boundary);
  }

  /** The form's field `model`, as far as the body has come. */
  get model(): string | undefined {
    return this.#form?.value;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.received += chunk.length;
    try {
      this.#form?.push(chunk);
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null, chunk);
  }
}
