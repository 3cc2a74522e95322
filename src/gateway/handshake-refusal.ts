import type { IncomingMessage } from 'node:http';
import type { Dialect, Observation } from '../domain/dialect.js';
import type { ErrorType } from '../domain/error-types.js';
import { createTap, type Tap } from '../wire/tap.js';
import type { AnswerWriter } from './answer-writer.js';
import { responseHeaders } from './headers.js';

/** A provider that refuses says why in a few words; one that never ends them is left. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Statuses whose answers have neither a body nor a length. */
const BODILESS = new Set([204, 304]);

export interface RefusalOptions {
  readonly answer: IncomingMessage;
  readonly dialect: Dialect;
  readonly writer: AnswerWriter;
  /** Headers of the gateway's own. */
  readonly headers: readonly string[];
  /** The answer is whole: its last bytes are held until the writer releases them. */
  readonly onWhole: (observation: Observation) => void;
  /** The provider broke it off, or does not end it. */
  readonly onBroken: (type: ErrorType, detail: string) => void;
  /** The callbacks of the answer go through it. */
  readonly guard: <A extends unknown[]>(callback: (...args: A) => void) => (...args: A) => void;
}

/** A provider's answer that is not an upgrade, on its way to the client. */
export class HandshakeRefusal {
  readonly #options: RefusalOptions;
  readonly #tap: Tap;
  /** The newest bytes: the last ones leave only after the record. */
  #newest: Buffer | undefined;
  #over = false;
  /** Body bytes for the client so far. */
  size = 0;
  lastActivityAt = performance.now();

  constructor(options: RefusalOptions) {
    this.#options = options;
    const { answer, dialect, writer, headers, guard } = options;
    const status = answer.statusCode ?? 502;
    const head = responseHeaders(answer.rawHeaders, !BODILESS.has(status));
    this.#tap = createTap({
      dialect, status, contentType: head.contentType,
      ...(head.contentEncoding === undefined ? {} : { contentEncoding: head.contentEncoding }),
      header: (name) => { const value = answer.headers[name]; return Array.isArray(value) ? value[0] : value; },
    });
    writer.begin(status, answer.statusMessage, [...head.forwarded, ...headers], false);
    answer.on('data', guard((chunk: Buffer) => { this.#take(chunk); }));
    answer.on('error', () => undefined); // 'close' follows
    answer.on('close', guard(() => { this.#close(); }));
  }

  #take(chunk: Buffer): void {
    if (this.#over) return;
    this.lastActivityAt = performance.now();
    this.size += chunk.length;
    if (this.size > MAX_BYTES) {
      this.#over = true;
      this.#options.answer.destroy();
      this.#options.onBroken('upstream_protocol', 'its refusal is over 16 MiB');
      return;
    }
    this.#tap.push(chunk);
    this.#options.writer.write(this.#newest, this.#options.answer);
    this.#newest = chunk;
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    const { answer, writer, onWhole, onBroken, guard } = this.#options;
    if (!answer.complete) {
      onBroken('upstream_reset', 'it broke its answer off');
      return;
    }
    writer.hold(this.#newest, true);
    this.#tap.finish(guard(() => { onWhole(this.#tap.observation); }));
  }
}
