import type { Socket } from 'node:net';

/** What a client may send before its handshake is answered; a browser sends nothing. */
const MAX_EARLY_BYTES = 64 * 1024;

/**
 * Reads a client that waits for the answer to its handshake: only a socket that is read says that
 * its other end has left. What comes meanwhile is kept for the session.
 */
export class WaitingClient {
  readonly #socket: Socket;
  readonly #onEnd: () => void;
  #pieces: Buffer[];
  #bytes: number;

  constructor(socket: Socket, head: Buffer, onEnd: () => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    this.#pieces = [head];
    this.#bytes = head.length;
    socket.on('data', this.#keep);
    socket.on('end', onEnd);
  }

  /** Stops reading; returns what has come so far. */
  take(): Buffer {
    this.#socket.off('data', this.#keep);
    this.#socket.off('end', this.#onEnd);
    this.#socket.pause();
    const bytes = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    return bytes;
  }

  readonly #keep = (bytes: Buffer): void => {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_EARLY_BYTES) this.#socket.pause();
  };
}
