import { STATUS_CODES } from 'node:http';
import type { ClientResponse } from './client.js';

const JOINED_BYTES = 16 * 1024;

/** What can be slowed down. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** Told when the reader has caught up and the provider may go on. */
export interface Resumed {
  onResumed(): void;
}

/**
 * Hands an answer to the client: the head with the first bytes, the rest as it comes, held back
 * while the record is being kept, and only as fast as the client reads.
 */
export class AnswerWriter {
  readonly #response: ClientResponse;
  readonly #owner: Resumed;
  #head: { readonly status: number; readonly reason: string; readonly headers: readonly string[] } | undefined;
  #holding = false;
  #held: Buffer[] = [];
  #afterHold: 'go-on' | 'end' | 'break-off' = 'go-on';
  /** The provider waits: for the reader (drain) or for the record (release). */
  #paused: Pausable | undefined;

  constructor(response: ClientResponse, owner: Resumed) {
    this.#response = response;
    this.#owner = owner;
  }

  /** The head is on its way: the status cannot change any more. */
  get begun(): boolean {
    return this.#response.headersSent;
  }

  /** Nothing more may be written: ended, broken off, or the client is gone. */
  get over(): boolean {
    return this.#response.writableEnded || this.#response.destroyed;
  }

  /** Bytes that the system has not taken yet. */
  get unsent(): number {
    return this.#response.socket?.writableLength ?? 0;
  }

  get holding(): boolean {
    return this.#holding;
  }

  get paused(): boolean {
    return this.#paused !== undefined;
  }

  /** Sets the head; it leaves with the first bytes, or by itself at the end of the tick where the body may be slow. */
  begin(status: number, reason: string | undefined, headers: readonly string[], alone: boolean): void {
    this.#head = { status, reason: reasonPhrase(status, reason), headers };
    if (alone) process.nextTick(sendHead, this);
  }

  /** Writes bytes, or keeps them while held; lets the provider wait where the client is slow. */
  write(bytes: Buffer | undefined, source: Pausable | undefined): void {
    if (bytes === undefined || bytes.length === 0) return;
    if (this.#holding) {
      this.#held.push(bytes);
      this.#pause(source);
      return;
    }
    this.#writeHead();
    if (this.#response.destroyed || this.#response.write(bytes) || source === undefined || this.#paused !== undefined) return;
    this.#pause(source);
    this.#awaitDrain();
  }

  /** Keeps everything back until `release`. */
  hold(bytes: Buffer | undefined, last: boolean): void {
    this.#holding = true;
    if (last) this.#afterHold = 'end';
    if (bytes !== undefined && bytes.length > 0) this.#held.push(bytes);
  }

  /** Lets go what was held; the end, or a break, that came meanwhile follows at once. */
  release(): void {
    this.#holding = false;
    const held = this.#held;
    this.#held = [];
    if (this.over) return;
    this.#writeHead();
    const last = this.#afterHold === 'end' ? held.pop() : undefined;
    let flows = true;
    for (const bytes of held) flows = this.#response.write(bytes);
    if (this.#afterHold === 'end') this.#endWith(last);
    else if (this.#afterHold === 'break-off') this.breakOff();
    else if (this.#paused === undefined || flows) this.#resume();
    else this.#awaitDrain();
  }

  end(bytes: Buffer | undefined): void {
    if (this.#holding) {
      this.hold(bytes, true);
      return;
    }
    this.#writeHead();
    this.#endWith(bytes);
  }

  /** Drops what has not left yet, so that an error can be answered instead. */
  discard(): void {
    this.#head = undefined;
    this.#held = [];
    this.#holding = false;
  }

  /** Closes the connection after what was written, without the end that would make the answer look complete. */
  breakOff(): void {
    if (this.#holding) {
      if (this.#afterHold === 'go-on') this.#afterHold = 'break-off';
      return;
    }
    const { socket } = this.#response;
    // A body that ends with the connection (HTTP/1.0) would look complete after an orderly close.
    if (this.#response.req.httpVersion === '1.0') socket?.resetAndDestroy();
    else socket?.destroySoon();
  }

  /** Closes the connection at once, with what was not sent. */
  cut(): void {
    this.discard();
    this.#response.socket?.destroy();
  }

  /** Sends a head that still waits for its first bytes. */
  sendHead(): void {
    if (this.#head === undefined || this.#holding || this.over) return;
    this.#writeHead();
    this.#response.flushHeaders();
  }

  /** Ends the answer. Short bytes go as Latin-1 text, which Node joins with a head that still waits: one write of one piece. */
  #endWith(bytes: Buffer | undefined): void {
    if (bytes === undefined || bytes.length > JOINED_BYTES) this.#response.end(bytes);
    else this.#response.end(bytes.toString('latin1'), 'latin1');
  }

  #writeHead(): void {
    const head = this.#head;
    if (head === undefined || this.over) return;
    this.#head = undefined;
    this.#response.writeHead(head.status, head.reason, head.headers as string[]);
  }

  #pause(source: Pausable | undefined): void {
    if (source === undefined || this.#paused !== undefined) return;
    this.#paused = source;
    source.pause();
  }

  #awaitDrain(): void {
    this.#response.once('drain', () => { this.#resume(); });
  }

  #resume(): void {
    const source = this.#paused;
    if (source === undefined) return;
    this.#paused = undefined;
    this.#owner.onResumed();
    source.resume();
  }
}

function sendHead(writer: AnswerWriter): void {
  writer.sendHead();
}

/** The provider's reason phrase where it is plain text, else Node's own for that status. */
function reasonPhrase(status: number, text: string | undefined): string {
  return text !== undefined && /^[\x20-\x7e]+$/.test(text) ? text : STATUS_CODES[status] ?? '';
}
