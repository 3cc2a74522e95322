import { EventEmitter } from 'node:events';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { BoundedMap } from '../../domain/bounded-map.js';
import type { ClientResponse } from '../../gateway/client.js';
import { isFieldName, isFieldValue } from '../../gateway/http1/fields.js';
import { httpDate } from './http-date.js';

/** Where a response belongs. */
export interface ResponseOwner {
  readonly socket: Socket;
  /** Header lines that announce how long the connection is kept; undefined where it ends with this answer. */
  readonly keepAlive: string | undefined;
  /** To be called by the system when the last bytes are its own. */
  readonly onFlushed: () => void;
}

const REQUEST = { httpVersion: '1.1' } as const;
/** Up to here bytes are joined with what precedes them, so that they are one write of one piece. */
const JOINED_BYTES = 16 * 1024;
const CHUNK_END = '\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/** A response on the fast path, with the same bytes as Node's own would have. */
export class PlainResponse extends EventEmitter implements ClientResponse {
  readonly req = REQUEST;
  destroyed = false;
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  /** Another request may follow on the connection. */
  keepsAlive = true;
  readonly #owner: ResponseOwner;
  /** What has not been handed to the socket yet, the head first; each byte one character. */
  #pending = '';
  #flushing = false;
  #chunked = false;

  constructor(owner: ResponseOwner) {
    super();
    this.#owner = owner;
  }

  /** Whoever asks for it may end it: what waits goes first. */
  get socket(): Socket | null {
    if (this.writableFinished) return null;
    this.flushHeaders();
    return this.#owner.socket;
  }

  /** @throws TypeError where the reason, a name or a value would be more than that to another reader */
  writeHead(status: number, reasonOrHeaders: string | string[], list?: string[]): void {
    const headers = list ?? reasonOrHeaders as string[];
    const reason = list === undefined ? STATUS_CODES[status] ?? 'unknown' : reasonOrHeaders as string;
    if (!isFieldValue(reason)) throw new TypeError('the reason phrase cannot be sent');
    let head = `HTTP/1.1 ${status} ${reason}\r\n`;
    let hasLength = false;
    let hasDate = false;
    let connection: string | undefined;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = headers[i + 1] as string;
      if (!isKnownName(name)) throw new TypeError('a header has a name that cannot be sent');
      if (!isFieldValue(value)) throw new TypeError(`the header ${name} has a value that cannot be sent`);
      head += `${name}: ${value}\r\n`;
      switch (name.length) {
        case 4: hasDate ||= name.toLowerCase() === 'date'; break;
        case 10: if (name.toLowerCase() === 'connection') connection = value; break;
        case 14: hasLength ||= name.toLowerCase() === 'content-length'; break;
      }
    }
    if (!hasDate) head += `Date: ${httpDate()}\r\n`;
    const { keepAlive } = this.#owner;
    if (connection === undefined) head += keepAlive === undefined ? 'Connection: close\r\n' : `Connection: keep-alive\r\n${keepAlive}`;
    this.keepsAlive = keepAlive !== undefined && connection?.toLowerCase() !== 'close';
    this.#chunked = !hasLength && status !== 204 && status !== 304;
    this.#pending = this.#chunked ? `${head}Transfer-Encoding: chunked\r\n\r\n` : `${head}\r\n`;
    this.headersSent = true;
  }

  flushHeaders(): void {
    this.#flushing = false;
    if (!this.destroyed) this.#flush();
  }

  /** Small pieces leave together when the present turn is over: a provider's packet often holds several events. */
  write(bytes: Buffer): boolean {
    if (this.destroyed || this.writableEnded) return false;
    const { socket } = this.#owner;
    // As a chunk, nothing would be the end.
    if (bytes.length === 0) return !socket.writableNeedDrain;
    if (bytes.length <= JOINED_BYTES) {
      this.#pending += this.#framed(bytes.toString('latin1'));
      if (this.#pending.length > JOINED_BYTES) this.#flush();
      else this.#flushLater();
    } else {
      socket.cork();
      if (this.#chunked) this.#pending += chunkSize(bytes.length);
      this.#flush();
      socket.write(bytes);
      if (this.#chunked) this.#pending = CHUNK_END;
      this.#flush();
      socket.uncork();
    }
    return !socket.writableNeedDrain;
  }

  end(data?: Buffer | string): void {
    if (this.destroyed || this.writableEnded) return;
    const { socket, onFlushed } = this.#owner;
    if (typeof data === 'string') this.#pending += this.#framed(data);
    else if (data !== undefined) this.write(data);
    this.writableEnded = true;
    socket.write(this.#takePending() + (this.#chunked ? LAST_CHUNK : ''), 'latin1', onFlushed);
  }

  #framed(text: string): string {
    return this.#chunked && text !== '' ? chunkSize(text.length) + text + CHUNK_END : text;
  }

  #flush(): void {
    if (this.#pending !== '') this.#owner.socket.write(this.#takePending(), 'latin1');
  }

  #flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(flush, this);
  }

  #takePending(): string {
    const pending = this.#pending;
    this.#pending = '';
    return pending;
  }
}

const MAX_NAMES = 1024;
const MAX_NAME_LENGTH = 64;
const names = new BoundedMap<true>(MAX_NAMES, MAX_NAME_LENGTH);

/** Whether it is a header's name. Few are ever sent, so each is looked at once. */
function isKnownName(name: string): boolean {
  if (names.get(name) === true) return true;
  if (!isFieldName(name)) return false;
  names.set(name, true);
  return true;
}

function chunkSize(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

function flush(response: PlainResponse): void {
  response.flushHeaders();
}
