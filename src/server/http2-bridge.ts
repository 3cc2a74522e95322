import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { constants, createServer, type Http2Session, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';

/** What HTTP/1.1 alone has, and what `expect` would ask of the server between us. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'http2-settings', 'expect']);
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Lets clients speak HTTP/2 without TLS to an HTTP/1.1 server (the AWS SDK for JavaScript does, to
 * Bedrock): each stream becomes a connection of its own to that server, within this process. So
 * everything behind it stays one code path, and what a stream costs more is its client's choice.
 */
export class Http2Bridge {
  readonly #server: () => Server;
  readonly #sessions = new Set<Http2Session>();
  readonly #http2 = createServer({ settings: { enablePush: false, maxHeaderListSize: MAX_HEADER_BYTES } });

  /** @param idleMs how long a connection without streams is kept; 0 = for ever */
  constructor(server: () => Server, idleMs: number) {
    this.#server = server;
    this.#http2.on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => { this.#sessions.delete(session); });
      session.on('error', ignore); // 'close' follows and says it all
      let streams = 0;
      session.on('stream', (stream: ServerHttp2Stream) => {
        streams += 1;
        stream.on('close', () => { streams -= 1; });
      });
      session.setTimeout(idleMs, () => { if (streams === 0) session.close(); });
    });
    this.#http2.on('stream', (stream, _headers, flags, rawHeaders) => {
      this.#carry(stream, rawHeaders, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
    });
  }

  /** Takes the connection over where the server's parser gave up because HTTP/2 came. @returns whether it did */
  take(error: Error & { readonly code?: unknown; readonly rawPacket?: unknown }, socket: Socket): boolean {
    if (error.code !== 'HPE_PAUSED_H2_UPGRADE' || !Buffer.isBuffer(error.rawPacket)) return false;
    for (const event of ['data', 'end', 'close', 'error', 'drain', 'timeout']) socket.removeAllListeners(event);
    socket.setTimeout(0);
    socket.pause(); // while it flows, bytes that are put back would be lost
    socket.unshift(error.rawPacket);
    this.#http2.emit('connection', socket);
    setImmediate(() => { socket.resume(); });
    return true;
  }

  /** Takes no new streams; connections close when theirs have ended. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #carry(stream: ServerHttp2Stream, rawHeaders: readonly string[], bodiless: boolean): void {
    stream.on('error', ignore);
    const [near, far] = duplexPair();
    dressUp(far, stream.session?.socket);
    near.on('error', ignore);
    far.on('error', ignore);
    near.on('close', () => { far.destroy(); });
    far.on('close', () => { near.destroy(); });
    stream.on('close', () => { near.destroy(); });
    this.#server().emit('connection', far);

    const { method, path, headers } = requestOf(rawHeaders);
    const request = httpRequest({ createConnection: () => near, method, path, headers });
    request.on('response', (response) => { answer(stream, response, method === 'HEAD'); });
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

function requestOf(rawHeaders: readonly string[]): { method: string; path: string; headers: string[] } {
  const pseudo = new Map<string, string>();
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (!HOP_BY_HOP.has(name) && name !== 'host') headers.push(name, value);
  }
  headers.push('host', pseudo.get(':authority') ?? '');
  return { method: pseudo.get(':method') ?? 'GET', path: pseudo.get(':path') ?? '/', headers };
}

function answer(stream: ServerHttp2Stream, response: IncomingMessage, headOnly: boolean): void {
  if (stream.destroyed || stream.headersSent) return;
  const headers: OutgoingHttpHeaders = { ':status': response.statusCode ?? 502 };
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    const name = (response.rawHeaders[i] as string).toLowerCase();
    if (HOP_BY_HOP.has(name)) continue;
    const before = headers[name];
    const value = response.rawHeaders[i + 1] as string;
    headers[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [String(before)]), value];
  }
  stream.respond(headers, { endStream: headOnly });
  // A broken answer must not look like a complete one: `close` would end the stream before it resets it.
  response.on('error', (error) => { stream.destroy(error); });
  if (headOnly) response.resume();
  else response.pipe(stream);
}

function ignore(): void {
  // deliberately nothing
}
