import { connect, type Socket } from 'node:net';
import type { Shot } from './jobs.js';
import { ResponseReader } from './response-reader.js';

/** Told by a connection what happens to its requests. */
export interface Observer {
  answered(connection: Connection): void;
  /** The connection ended; `busy` says whether an answer was owed. */
  ended(connection: Connection, busy: boolean): void;
}

/** The request's bytes, made once. */
export function requestBytes({ port, path, headers, body }: Shot): Buffer {
  let head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i] as string}: ${headers[i + 1] as string}\r\n`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** One keep-alive connection with at most one request on its way; times are performance.now(). */
export class Connection {
  readonly reader = new ResponseReader();
  readonly gaps: number[] = [];
  sentAt = 0;
  firstByteAt = 0;
  /** Cut the connection when the first bytes of the answer have come. */
  abandon = false;
  readonly #socket: Socket;
  readonly #observer: Observer;
  #lastReadAt = 0;
  #busy = false;

  constructor(port: number, observer: Observer) {
    this.#observer = observer;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (data) => { this.#onData(data); });
    this.#socket.on('error', () => undefined); // 'close' follows
    this.#socket.on('close', () => { this.#observer.ended(this, this.#busy); });
  }

  send(request: Buffer, at: number): void {
    this.#busy = true;
    this.sentAt = at;
    this.firstByteAt = 0;
    this.#socket.write(request);
  }

  destroy(): void {
    this.#busy = false;
    this.#socket.destroy();
  }

  #onData(data: Buffer): void {
    if (!this.#busy) return;
    const now = performance.now();
    if (this.firstByteAt === 0) this.firstByteAt = now;
    else this.gaps.push(now - this.#lastReadAt);
    this.#lastReadAt = now;
    if (this.abandon) {
      this.#socket.destroy();
      return;
    }
    if (!this.reader.push(data)) return;
    this.#busy = false;
    this.#observer.answered(this);
  }
}
