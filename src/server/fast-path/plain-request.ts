import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientRequest } from '../../gateway/client.js';
import type { PlainHead } from './request-head.js';

/** A request on the fast path: its body comes as `data`, then `end`; or `error` where the client leaves before. */
export class PlainRequest extends EventEmitter implements ClientRequest {
  readonly method = 'POST';
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
  #left: number;

  constructor(head: PlainHead, socket: Socket) {
    super();
    this.url = head.url;
    this.headers = head.headers;
    this.rawHeaders = head.rawHeaders;
    this.socket = socket;
    this.#left = head.contentLength;
  }

  get complete(): boolean {
    return this.#left === 0;
  }

  /** Takes what belongs to this request of the bytes that came. @returns how many those are */
  take(bytes: Buffer): number {
    const taken = Math.min(this.#left, bytes.length);
    if (taken === 0) return 0;
    this.#left -= taken;
    this.emit('data', taken === bytes.length ? bytes : bytes.subarray(0, taken));
    if (this.#left === 0) this.emit('end');
    return taken;
  }

  /** The client is gone. */
  fail(error: Error): void {
    if (!this.complete && this.listenerCount('error') > 0) this.emit('error', error);
  }

  /** Nothing: bytes that nobody listens to are dropped. */
  resume(): void {
    // They never pile up.
  }
}
