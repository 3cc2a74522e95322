import type { Socket } from 'node:net';
import { readAnswerHead, type AnswerHead, type Framing } from './answer-head.js';
import { BodySender } from './body-sender.js';
import type { Call } from './call.js';
import { ChunkedBody } from './chunked-body.js';
import { ConnectionLost, ProtocolFault } from './fault.js';
import { whenOrderlyEnd } from './orderly-end.js';
import { declaredLength, requestHead } from './request.js';

/** Where a connection belongs. */
export interface ConnectionOwner {
  /** The connection is done with its call and may take another one. */
  onFree(connection: Connection): void;
  onClosed(connection: Connection): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const PROTOCOL = 'HTTP/1.';
/** A CR at the end of the text may be the first half of a CRLF. */
const BARE_LINE_END = /(?:^|[^\r])\n|\r[^\n]/;
const MAX_HEAD_BYTES = 64 * 1024;
/** Up to here head and body are copied together, so that the request is one write of one piece. */
const COPY_BYTES = 16 * 1024;
const DEFAULT_IDLE_MS = 4_000;
/** How long a server may take nothing of a request that it has answered already. */
const MAX_STUCK_MS = 10_000;
const MAX_IDLE_MS = 600_000;
/** A server's own limit, less what is lost on the way. */
const IDLE_MARGIN_MS = 1_000;

/** What the bytes that come next are. */
type Reading = 'nothing' | 'head' | Framing['kind'];

/**
 * An established connection that carries one call at a time. Bytes that nobody asked for end it; it
 * is never free while it is paused or holds bytes that were not read.
 */
export class Connection {
  /** How long it may lie idle before the provider may close it, in milliseconds. */
  idleMs = DEFAULT_IDLE_MS;
  /** performance.now() when it became free. */
  freeSince = 0;
  readonly #socket: Socket;
  readonly #host: string;
  readonly #owner: ConnectionOwner;
  #call: Call | undefined;
  #sender: BodySender | undefined;
  #reading: Reading = 'nothing';
  #rest: Buffer | undefined;
  #left = 0;
  #chunked: ChunkedBody | undefined;
  #reusable = false;
  #paused = false;
  #parsing = false;
  /** Why no more bytes come: the server's FIN, or the error that ended the connection. */
  #ended: 'fin' | Error | undefined;

  /** @param host value of the Host header */
  constructor(socket: Socket, host: string, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#host = host;
    this.#owner = owner;
    socket.on('data', (bytes: Buffer) => { this.#onData(bytes); });
    socket.on('end', () => { this.#onEnd(); });
    socket.on('error', (error) => { this.#onEnded(error); });
    socket.on('close', () => {
      this.#onEnded(new ConnectionLost('the connection was closed'));
      owner.onClosed(this);
    });
  }

  get usable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#call === undefined;
  }

  /** Sends a call's request. One that cannot be written down fails, and the connection is free again. */
  send(call: Call): void {
    const { request } = call;
    let head: string;
    try {
      head = requestHead(request, this.#host);
    } catch (error) {
      this.release();
      call.handler.onCallFailed(error as Error);
      return;
    }
    this.#call = call;
    call.connection = this;
    this.#reading = 'head';
    call.handler.onRequestSent();
    if (this.#call !== call) return; // aborted at once
    if (call.paused) this.pause();
    const { body } = request;
    if (body === undefined) this.#socket.write(head, 'latin1');
    else if (Buffer.isBuffer(body)) this.#sendWhole(head, body, call);
    else {
      this.#socket.write(head, 'latin1');
      this.#sender = new BodySender(body, this.#socket, declaredLength(request.headers));
    }
  }

  pause(): void {
    if (this.#paused || this.#call === undefined) return;
    this.#paused = true;
    // A head is read all the same: only then is it known whether anything follows.
    if (this.#reading !== 'head') this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
    const rest = this.#rest;
    // Called out of our own reading: the loop there sees that it may go on.
    if (rest === undefined || this.#parsing) return;
    this.#rest = undefined;
    this.#read(rest);
  }

  /** Lets the call go and the connection with it: an answer that nobody reads is still on its way. */
  abandon(): void {
    this.#detach();
    this.#rest = undefined;
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Gives it back unused. */
  release(): void {
    if (this.usable) this.#owner.onFree(this);
  }

  #sendWhole(head: string, body: Buffer, call: Call): void {
    if (body.length > COPY_BYTES) {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body, (error) => { call.flushed = !error; });
      this.#socket.uncork();
      return;
    }
    const bytes = Buffer.allocUnsafe(head.length + body.length);
    bytes.write(head, 0, 'latin1');
    bytes.set(body, head.length);
    this.#socket.write(bytes);
  }

  #onData(bytes: Buffer): void {
    if (this.#call === undefined) {
      // Nobody asked: it must not become the answer to the next request.
      this.#socket.destroy();
      return;
    }
    const rest = this.#rest;
    this.#rest = undefined;
    this.#read(rest === undefined ? bytes : Buffer.concat([rest, bytes]));
  }

  #read(bytes: Buffer): void {
    this.#parsing = true;
    try {
      const end = this.#parse(bytes);
      if (end < bytes.length) {
        if (this.#call === undefined) this.#socket.destroy(); // bytes behind the end of the answer
        else this.#rest = end === 0 ? bytes : bytes.subarray(end);
      }
    } catch (error) {
      this.#fail(error as Error);
      this.#socket.destroy();
    } finally {
      this.#parsing = false;
    }
    if (this.#call === undefined) this.#free();
    else if (this.#ended !== undefined) this.#onEnded(this.#ended);
  }

  /** Reads as far as there are bytes and the call is neither over nor paused; returns how far. */
  #parse(bytes: Buffer): number {
    let pos = 0;
    while (pos < bytes.length && this.#call !== undefined) {
      if (this.#reading === 'head') {
        const end = bytes.indexOf(HEAD_END, pos);
        if ((end === -1 ? bytes.length : end) - pos > MAX_HEAD_BYTES) throw new ProtocolFault('the head is too long');
        if (end === -1) {
          // What is not HTTP, and a head with bare line ends, may never end.
          const begin = bytes.toString('latin1', pos);
          if (!PROTOCOL.startsWith(begin.slice(0, PROTOCOL.length))) throw new ProtocolFault('the answer is not HTTP');
          if (BARE_LINE_END.test(begin)) throw new ProtocolFault('a line of the head does not end in CRLF');
          return pos;
        }
        this.#onHead(readAnswerHead(bytes.toString('latin1', pos, end)));
        pos = end + HEAD_END.length;
        continue;
      }
      if (this.#paused) return pos;
      if (this.#reading === 'chunked') pos = this.#readChunked(bytes, pos, this.#call);
      else pos = this.#readPlain(bytes, pos, this.#call);
    }
    return pos;
  }

  #onHead(head: AnswerHead): void {
    const call = this.#call as Call;
    if (head.status < 200) {
      if (head.status === 101) throw new ProtocolFault('the provider switched protocols');
      return;
    }
    const { framing, keepAliveSeconds } = head;
    this.idleMs = keepAliveSeconds === undefined ? DEFAULT_IDLE_MS : Math.min(MAX_IDLE_MS, keepAliveSeconds * 1000 - IDLE_MARGIN_MS);
    const isHead = call.request.method === 'HEAD';
    const bodiless = isHead || head.status === 204 || head.status === 304;
    // A server that sends a body where there can be none would have it read as the next answer.
    const mayBeFollowed = isHead || (bodiless && (framing.kind === 'chunked' || (framing.kind === 'length' && framing.bytes > 0)));
    this.#reusable = head.keepAlive && !mayBeFollowed && (bodiless || framing.kind !== 'close');
    this.#left = framing.kind === 'length' ? framing.bytes : Number.POSITIVE_INFINITY;
    this.#reading = framing.kind;
    if (framing.kind === 'chunked') this.#chunked = new ChunkedBody();
    call.handler.onAnswerHead(head);
    if (this.#paused) this.#socket.pause();
    if (this.#call === call && (bodiless || this.#left === 0)) this.#complete(call);
  }

  #readPlain(bytes: Buffer, pos: number, call: Call): number {
    const end = Math.min(bytes.length, pos + this.#left);
    this.#left -= end - pos;
    call.handler.onAnswerData(pos === 0 && end === bytes.length ? bytes : bytes.subarray(pos, end));
    if (this.#left === 0 && this.#call === call) this.#complete(call);
    return end;
  }

  #readChunked(bytes: Buffer, pos: number, call: Call): number {
    const chunked = this.#chunked as ChunkedBody;
    if (chunked.next(bytes, pos)) {
      const { start, end } = chunked;
      call.handler.onAnswerData(bytes.subarray(start, end));
      return end;
    }
    if (chunked.over) this.#complete(call);
    return chunked.end;
  }

  #onEnd(): void {
    // Every other framing tells by itself whether the answer is whole.
    if (this.#reading === 'close') whenOrderlyEnd(this.#socket, (reset) => { this.#onEnded(reset ?? 'fin'); });
    else this.#onEnded('fin');
  }

  /**
   * No more bytes come. What was read already is delivered first: an answer that is paused may lie
   * here whole.
   */
  #onEnded(cause: 'fin' | Error): void {
    this.#ended ??= cause;
    if (this.#paused && this.#rest !== undefined && this.#call !== undefined) return;
    const call = this.#call;
    // Only an orderly end is the end of a body that has no other.
    if (call !== undefined && this.#ended === 'fin' && this.#reading === 'close') this.#complete(call);
    else this.#fail(this.#ended === 'fin' ? new ConnectionLost('the provider closed the connection') : this.#ended);
    this.#socket.destroy();
  }

  #complete(call: Call): void {
    // An answer before the request was whole: what follows of it would be read as another request, or
    // keeps the next one waiting.
    if (this.#sender?.done === false || this.#socket.writableLength > 0) this.#reusable = false;
    this.#detach();
    try {
      call.handler.onAnswerEnd();
    } catch (error) {
      call.handler.onCallFailed(error as Error);
    }
  }

  #fail(error: Error): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#detach();
    call.handler.onCallFailed(error);
  }

  #detach(): void {
    const call = this.#call;
    if (call === undefined) return;
    call.connection = undefined;
    this.#call = undefined;
    this.#sender?.detach();
    this.#sender = undefined;
    this.#chunked = undefined;
    this.#reading = 'nothing';
  }

  /** After an answer: back to the pool, or closed. */
  #free(): void {
    this.#rest = undefined;
    if (this.#paused) {
      this.#paused = false;
      this.#socket.resume();
    }
    if (this.#socket.destroyed) return;
    if (this.#reusable && this.#ended === undefined && this.idleMs > 0 && this.#socket.writable) this.#owner.onFree(this);
    else if (this.#socket.writableLength > 0 && this.#ended === undefined) this.#endWhenSent();
    else this.#socket.destroy();
  }

  /** A server that answered early may still read the request: what is left of it goes out, as long as it is taken. */
  #endWhenSent(): void {
    this.#socket.setTimeout(MAX_STUCK_MS, () => { this.#socket.destroy(); });
    this.#socket.destroySoon();
  }
}
