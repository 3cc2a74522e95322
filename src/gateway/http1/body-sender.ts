import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/**
 * Sends a streamed body as fast as the provider takes it. A body that breaks off, or has not the
 * length that was declared, breaks the connection, so that the provider does not take the part for
 * the whole.
 */
export class BodySender {
  /** All of the body has been handed to the socket. */
  done = false;
  readonly #body: Readable;
  readonly #socket: Socket;
  readonly #length: number | undefined;
  #sent = 0;
  readonly #onDrain = (): void => { this.#body.resume(); };

  /** @param length of the body where it is declared; else it goes in chunks */
  constructor(body: Readable, socket: Socket, length: number | undefined) {
    this.#body = body;
    this.#socket = socket;
    this.#length = length;
    socket.on('drain', this.#onDrain);
    body.on('data', (chunk: Buffer) => { this.#onData(chunk); });
    body.on('end', () => { this.#onEnd(); });
    body.on('error', () => undefined); // 'close' follows
    body.on('close', () => { if (!this.done) this.#giveUp(); });
  }

  /** Takes its hands off the socket. */
  detach(): void {
    this.#socket.off('drain', this.#onDrain);
    this.done = true;
    this.#body.resume();
  }

  #onData(chunk: Buffer): void {
    if (this.done || chunk.length === 0) return;
    this.#sent += chunk.length;
    if (this.#length !== undefined && this.#sent > this.#length) return this.#giveUp();
    if (!this.#write(chunk)) this.#body.pause();
  }

  #write(chunk: Buffer): boolean {
    if (this.#length !== undefined) return this.#socket.write(chunk);
    this.#socket.cork();
    this.#socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(chunk);
    const flows = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return flows;
  }

  #onEnd(): void {
    if (this.done) return;
    if (this.#length === undefined) this.#socket.write('0\r\n\r\n', 'latin1');
    else if (this.#sent !== this.#length) return this.#giveUp();
    this.done = true;
    this.#socket.off('drain', this.#onDrain);
  }

  #giveUp(): void {
    this.done = true;
    this.#socket.off('drain', this.#onDrain);
    this.#socket.destroy();
  }
}
