import type { Socket } from 'node:net';
import type { ErrorType } from '../domain/error-types.js';

/** Carries bytes from one socket to the other, no faster than they are taken; `first` came before. */
export function relay(from: Socket, to: Socket, first: Buffer, seen: (bytes: Buffer) => void, ended: () => void): void {
  const carry = (bytes: Buffer): void => {
    seen(bytes);
    if (!to.destroyed && !to.write(bytes)) {
      from.pause();
      to.once('drain', () => { from.resume(); });
    }
  };
  from.on('data', carry);
  from.on('end', ended);
  from.resume();
  if (first.length > 0) carry(first);
}

/** Finds a side that does not read: its leaving would go unnoticed, for the other side is paused. */
export class Stall {
  readonly #client: Socket;
  readonly #upstream: Socket;
  #waiting = 0;
  #movedAt = 0;

  constructor(client: Socket, upstream: Socket) {
    this.#client = client;
    this.#upstream = upstream;
  }

  /** Which time-out is over, if one side has taken nothing of what waits for it for so long; 0 = never. */
  over(limitMs: number, now: number): ErrorType | undefined {
    const waiting = this.#client.writableLength + this.#upstream.writableLength;
    if (waiting === 0 || waiting !== this.#waiting) {
      this.#waiting = waiting;
      this.#movedAt = now;
      return undefined;
    }
    if (limitMs === 0 || now - this.#movedAt <= limitMs) return undefined;
    return this.#upstream.writableLength > 0 ? 'upstream_timeout_idle' : 'client_closed';
  }
}
