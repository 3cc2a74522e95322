import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { constants, createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import type { ErrorType } from '../domain/error-types.js';
import { guarded, type OnFault } from './guard.js';
import { answerHeaders, headBytes, isBodiless, requestOf } from './http2-heads.js';
import { ownAnswer } from './own-answer.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const MAX_HEADER_BYTES = 64 * 1024;
/** More than the gateway accepts of a provider. */
const MAX_ANSWER_HEAD_BYTES = 4 * MAX_HEADER_BYTES;
/** Lines of a head, as many as Node reads over HTTP/1.1. */
const MAX_HEADER_LINES = 2_000;
/** Calls at once over one connection; RFC 9113 asks for no fewer than 100. */
const MAX_STREAMS = 128;

/**
 * Lets clients speak HTTP/2 without TLS to an HTTP/1.1 server (the AWS SDK for JavaScript does, to
 * Bedrock): each stream becomes a connection of its own to that server, within this process. So
 * everything behind it stays one code path, and what a stream costs more is its client's choice.
 */
export class Http2Bridge {
  readonly #server: () => Server;
  readonly #onFault: OnFault;
  readonly #sessions = new Set<Http2Session>();
  readonly #http2 = createServer({
    settings: { enablePush: false, maxHeaderListSize: MAX_HEADER_BYTES, maxConcurrentStreams: MAX_STREAMS },
    maxHeaderListPairs: MAX_HEADER_LINES,
    maxSendHeaderBlockLength: MAX_ANSWER_HEAD_BYTES,
  });

  /** @param idleMs how long a connection without streams is kept; 0 = for ever */
  constructor(server: () => Server, idleMs: number, onFault: OnFault) {
    this.#server = server;
    this.#onFault = onFault;
    this.#http2.on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => { this.#sessions.delete(session); });
      session.on('error', ignore); // 'close' follows and says it all
      let streams = 0;
      session.on('stream', (stream: ServerHttp2Stream) => {
        streams += 1;
        stream.on('close', () => { streams -= 1; });
      });
      // A listener of its own: the one that `setTimeout` takes hears the first time-out only, which may be that of a long call.
      session.on('timeout', () => { if (streams === 0) session.close(); });
      session.setTimeout(idleMs);
    });
    this.#http2.on('stream', (stream, _headers, flags, rawHeaders) => {
      stream.on('error', ignore);
      const bodiless = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      guarded(stream, onFault, () => { this.#carry(stream, rawHeaders, bodiless); });
    });
  }

  /**
   * Takes over a connection over which the preface came, and that the server has let go of.
   *
   * @param bytes those behind the preface
   */
  take(socket: Socket, bytes: Buffer): void {
    // The server's sockets stay half open; a client of HTTP/2 that ends its side has left.
    socket.on('end', () => { socket.destroy(); });
    socket.pause(); // while it flows, bytes that are put back would be lost
    socket.unshift(Buffer.concat([PREFACE, bytes]));
    this.#http2.emit('connection', socket);
    setImmediate(() => { socket.resume(); });
  }

  /** Takes no new streams; connections close when theirs have ended. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #carry(stream: ServerHttp2Stream, rawHeaders: readonly string[], bodiless: boolean): void {
    const { method, path, headers } = requestOf(rawHeaders, bodiless);
    if (method === 'CONNECT') return refuse(stream, 400, 'bad_request', 'The gateway does not serve CONNECT.');
    const [near, far] = duplexPair();
    dressUp(far, stream.session?.socket);
    near.on('error', ignore);
    far.on('error', ignore);
    near.on('close', () => { far.destroy(); });
    far.on('close', () => { near.destroy(); });
    stream.on('close', () => { near.destroy(); });

    let request: ReturnType<typeof httpRequest>;
    try {
      request = httpRequest({
        createConnection: () => near, method, path, headers, maxHeaderSize: MAX_ANSWER_HEAD_BYTES,
      });
    } catch {
      return refuse(stream, 400, 'bad_request', 'The request is not valid HTTP.');
    }
    this.#server().emit('connection', far);
    request.on('response', (response) => {
      guarded(stream, this.#onFault, () => { answer(stream, response, method === 'HEAD'); });
    });
    request.on('error', (error) => { stream.destroy(error); });
    if (bodiless) request.end();
    else stream.pipe(request);
  }
}

/** Gives the inner connection what the server asks of a socket: who is at the other end, and an end that waits for what was written. */
function dressUp(inner: Duplex, socket: { readonly remoteAddress?: string | undefined; readonly localAddress?: string | undefined } | undefined): void {
  Object.assign(inner, {
    remoteAddress: socket?.remoteAddress,
    localAddress: socket?.localAddress,
    destroySoon: () => {
      if (inner.writableFinished) { inner.destroy(); return; }
      inner.once('finish', () => { inner.destroy(); });
      inner.end();
    },
    resetAndDestroy: () => { inner.destroy(); },
  });
}

function answer(stream: ServerHttp2Stream, response: IncomingMessage, headOnly: boolean): void {
  if (stream.destroyed || stream.headersSent) return;
  const status = response.statusCode ?? 502;
  if (status < 200 || status > 599) {
    response.resume();
    const message = `The provider answered with status ${status}, which HTTP/2 cannot carry.`;
    return refuse(stream, 502, 'upstream_protocol', message);
  }
  const headers = answerHeaders(status, response.rawHeaders);
  if (headBytes(headers) > (stream.session?.remoteSettings.maxHeaderListSize ?? Infinity)) {
    response.resume();
    const message = 'The headers of the provider\'s answer are larger than the client accepts.';
    return refuse(stream, 502, 'upstream_protocol', message);
  }
  const endStream = headOnly || isBodiless(status);
  stream.respond(headers, { endStream });
  // A broken answer must not look like a complete one: `close` would end the stream before it resets it.
  response.on('error', (error) => { stream.destroy(error); });
  if (endStream) response.resume();
  else response.pipe(stream);
}

/** Answers in the gateway's own name. */
function refuse(stream: ServerHttp2Stream, status: number, type: ErrorType, message: string): void {
  const { headers, body } = ownAnswer(type, message);
  stream.respond({ ':status': status, ...headers });
  stream.end(body);
}

function ignore(): void {
  // deliberately nothing
}
