import type { Socket } from 'node:net';
import { KeptBytes } from '../wire/kept-bytes.js';

/** What a client may send before its handshake is answered; a browser sends nothing. */
const MAX_EARLY_BYTES = 64 * 1024;

/**
 * Reads a client that waits for the answer to its handshake: only a socket that is read says that
 * its other end has left. What comes meanwhile is kept for the session.
 */
export class WaitingClient {
  readonly #socket: Socket;
  readonly #onEnd: () => void;
  readonly #kept = new KeptBytes();

  constructor(socket: Socket, head: Buffer, onEnd: () => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    this.#kept.push(head);
    socket.on('data', this.#keep);
    socket.on('end', onEnd);
  }

  /** Stops reading; returns what has come so far. */
  take(): Buffer {
    this.#socket.off('data', this.#keep);
    this.#socket.off('end', this.#onEnd);
    this.#socket.pause();
    return this.#kept.take();
  }

  readonly #keep = (bytes: Buffer): void => {
    this.#kept.push(bytes);
    if (this.#kept.length > MAX_EARLY_BYTES) this.#socket.pause();
  };
}
