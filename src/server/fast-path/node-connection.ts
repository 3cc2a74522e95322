import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { guarded, type OnFault } from '../guard.js';

const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
const MAX_AHEAD_BYTES = 64 * 1024;

/**
 * A connection of Node's HTTP server, which gets one request at a time: what comes behind a request
 * waits until its answer is out, as on the fast path. So no request, upgrade or HTTP/2 preface ever
 * meets a connection with an answer pending, and a pipeline of thousands opens one call.
 *
 * Node parses all that it is given at once, so each piece ends no later than the request in it: at an
 * empty line (the end of a head, and of a chunked body), or where a body of declared length does.
 */
export class NodeConnection {
  readonly #socket: Duplex;
  /** Node's own reader of the socket. */
  readonly #feed: (this: Duplex, bytes: Buffer) => void;
  readonly #onData = (bytes: Buffer): void => { this.read(bytes); };
  readonly #onFault: OnFault;
  #request: IncomingMessage | undefined;
  /** The answer under way. */
  #response: ServerResponse | undefined;
  /** What is still to come of a body of declared length. */
  #bodyLeft = 0;
  /** The last bytes since an empty line: the next one may begin in them. */
  #tail: Buffer = NOTHING;
  #ahead: Buffer = NOTHING;
  #feeding = false;

  /** @param socket one that Node's server listens to */
  constructor(socket: Duplex, onFault: OnFault) {
    this.#socket = socket;
    this.#onFault = onFault;
    this.#feed = socket.listeners('data').at(-1) as (bytes: Buffer) => void;
    socket.off('data', this.#feed);
    socket.on('data', this.#onData); // from here on Node's parser no longer reads the system's socket by itself
  }

  /** An answer is under way. */
  get answering(): boolean {
    return this.#response !== undefined;
  }

  /** Part of an answer that is under way may be out. */
  get begun(): boolean {
    return this.#response?.headersSent === true;
  }

  /** Takes bytes that came over the connection. */
  read(bytes: Buffer): void {
    this.#ahead = this.#ahead.length === 0 ? bytes : Buffer.concat([this.#ahead, bytes]);
    this.#goOn();
    if (this.#ahead.length > MAX_AHEAD_BYTES) this.#socket.pause();
  }

  /** Node has read the head of a request: what follows its body waits for the end of the answer. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#request = request;
    this.#response = response;
    this.#bodyLeft = Number(request.headers['content-length'] ?? 0);
    response.once('finish', () => {
      this.#response = undefined;
      if (this.#ahead.length > 0) this.#socket.resume();
      this.#goOn();
    });
  }

  /** Ends the reading: the connection turns into something else. @returns the bytes that came and were not read */
  release(): Buffer {
    this.#socket.off('data', this.#onData);
    const left = this.#ahead;
    this.#ahead = NOTHING;
    return left;
  }

  #goOn(): void {
    if (this.#feeding) return;
    this.#feeding = true;
    guarded(this.#socket, this.#onFault, () => {
      while (this.#ahead.length > 0 && !this.#waits) {
        const piece = this.#piece();
        this.#ahead = this.#ahead.subarray(piece.length);
        this.#feed.call(this.#socket, piece);
      }
    });
    this.#feeding = false;
  }

  /** The next bytes are another request's, and the present one has no answer yet, or nobody is left to be answered. */
  get #waits(): boolean {
    return (this.#request?.complete ?? true) && (this.answering || !this.#socket.writable);
  }

  #piece(): Buffer {
    const bytes = this.#ahead;
    if (this.#bodyLeft > 0) {
      const part = bytes.subarray(0, this.#bodyLeft);
      this.#bodyLeft -= part.length;
      return part;
    }
    const end = this.#emptyLineEnd(bytes);
    if (end !== -1) {
      this.#tail = NOTHING;
      return bytes.subarray(0, end);
    }
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-3)]).subarray(-3);
    return bytes;
  }

  /** Where an empty line ends; it may have begun in what was read before. */
  #emptyLineEnd(bytes: Buffer): number {
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, 3)]).indexOf(HEAD_END);
    if (seam !== -1) return seam + HEAD_END.length - this.#tail.length;
    const at = bytes.indexOf(HEAD_END);
    return at === -1 ? -1 : at + HEAD_END.length;
  }
}
