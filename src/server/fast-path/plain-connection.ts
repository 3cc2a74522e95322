import type { Socket } from 'node:net';
import type { ClientRequest, ClientResponse } from '../../gateway/client.js';
import { endFaulty, guarded, type OnFault } from '../guard.js';
import { PlainRequest } from './plain-request.js';
import { PlainResponse, type ResponseOwner } from './plain-response.js';
import { readPlainHead, type PlainHead } from './request-head.js';

/** What a connection needs of its server. */
export interface ConnectionOwner {
  /** Header lines that announce how long an idle connection is kept. */
  readonly announcement: string;
  /** No connection is kept any longer. */
  readonly closing: boolean;
  /** Whether a request is for the proxy, and not too large to be read whole. */
  takes(head: PlainHead): boolean;
  handle(request: ClientRequest, response: ClientResponse): void;
  /** Gives the connection to Node's HTTP server for good, with the bytes that were read last. */
  handOver(connection: PlainConnection, bytes: Buffer): void;
  onClosed(connection: PlainConnection): void;
  readonly onFault: OnFault;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_AHEAD_BYTES = 64 * 1024;

/**
 * A client's connection for as long as all that comes over it is plain: one request after the other,
 * each head whole in what is read at once. Whatever else comes makes it Node's.
 */
export class PlainConnection implements ResponseOwner {
  readonly socket: Socket;
  /** performance.now() since when no answer is under way. */
  idleSince = performance.now();
  /** A request has come over it. */
  used = false;
  readonly onFlushed: () => void;
  readonly #owner: ConnectionOwner;
  #request: PlainRequest | undefined;
  #response: PlainResponse | undefined;
  /** Bytes behind the request under way. */
  #ahead: Buffer | undefined;
  // What `guarded` does, without a closure for each of a client's packets.
  readonly #onData = (bytes: Buffer): void => {
    try {
      this.#read(bytes);
    } catch (error) {
      endFaulty(this.socket, this.#owner.onFault, error);
    }
  };
  readonly #onEnd = (): void => { this.socket.end(); };
  readonly #onDrain = this.#guarded(() => { this.#response?.emit('drain'); });
  readonly #onError = (): void => undefined; // 'close' follows and says it all
  readonly #onClose = this.#guarded(() => { this.#closed(); });

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    this.onFlushed = this.#guarded(() => { this.#flushed(); });
    socket.on('data', this.#onData).on('end', this.#onEnd).on('drain', this.#onDrain).on('error', this.#onError).on('close', this.#onClose);
  }

  get keepAlive(): string | undefined {
    // A request that has come already is still answered.
    return this.#owner.closing && this.#ahead === undefined ? undefined : this.#owner.announcement;
  }

  get isIdle(): boolean {
    return this.#response === undefined;
  }

  /** Takes its own listeners off the socket. */
  letGo(): void {
    this.socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain).off('error', this.#onError).off('close', this.#onClose);
  }

  #guarded(run: () => void): () => void {
    return () => { guarded(this.socket, this.#owner.onFault, run); };
  }

  #read(bytes: Buffer): void {
    let rest = bytes;
    if (this.#request !== undefined) {
      const taken = this.#request.take(bytes);
      if (this.#response === undefined) {
        this.idleSince = performance.now(); // not idle yet: what nobody wants is still coming
        if (this.#request.complete) this.#request = undefined;
      }
      if (taken === bytes.length) return;
      rest = bytes.subarray(taken);
    }
    if (this.#response === undefined) {
      this.#begin(rest);
      return;
    }
    // The next request waits for its turn. Read on all the same: else a client that leaves would not be noticed.
    this.#ahead = this.#ahead === undefined ? rest : Buffer.concat([this.#ahead, rest]);
    if (this.#ahead.length > MAX_AHEAD_BYTES) this.socket.pause();
  }

  #begin(bytes: Buffer): void {
    const end = bytes.indexOf(HEAD_END);
    const head = end === -1 || end > MAX_HEAD_BYTES ? undefined : readPlainHead(bytes.toString('latin1', 0, end));
    if (head === undefined || !this.#owner.takes(head)) {
      this.#owner.handOver(this, bytes);
      return;
    }
    this.used = true;
    const request = this.#request = new PlainRequest(head, this.socket);
    const response = this.#response = new PlainResponse(this);
    this.#owner.handle(request, response);
    const body = end + HEAD_END.length;
    if (body < bytes.length) this.#read(bytes.subarray(body));
  }

  /** The last bytes of the answer are the system's. */
  #flushed(): void {
    const response = this.#response;
    if (response === undefined || response.destroyed) return;
    response.writableFinished = true;
    const ahead = this.#ahead;
    // As its head announced: a client that was told that the connection stays may be sending its next request already.
    if (!response.keepsAlive) {
      this.socket.destroySoon();
      return;
    }
    // What is still to come of a body that nobody wants goes by, before the next request.
    if (this.#request?.complete === true) this.#request = undefined;
    this.#response = undefined;
    this.idleSince = performance.now();
    // A client that has ended its side gets no more answers, so nothing is asked for it any more.
    if (ahead !== undefined && this.socket.writable) {
      this.#ahead = undefined;
      this.socket.resume();
      this.#begin(ahead);
    }
    // Last: a gateway that stops must not find that nothing runs while the next request is here already.
    response.emit('close');
  }

  #closed(): void {
    const request = this.#request;
    const response = this.#response;
    this.#request = undefined;
    this.#response = undefined;
    this.#owner.onClosed(this);
    if (response === undefined) return;
    response.destroyed = true;
    request?.fail(new Error('the client closed the connection'));
    response.emit('close');
  }
}
