import type { Socket } from 'node:net';
import type { ClientRequest, ClientResponse } from '../../gateway/client.js';
import type { OnFault } from '../guard.js';
import { PlainConnection, type ConnectionOwner } from './plain-connection.js';
import type { PlainHead } from './request-head.js';

export interface PlainConnectionsOptions {
  readonly handle: (request: ClientRequest, response: ClientResponse) => void;
  /** Whether the target is the proxy's. */
  readonly proxies: (target: string) => boolean;
  readonly maxBodyBytes: number;
  /** How long a connection may lie idle; 0 = for ever. */
  readonly keepAliveTimeoutMs: number;
  /** How long a new connection may stay silent. */
  readonly headersTimeoutMs: number;
  /** Node's HTTP server, for connections that turn out not to be plain, with the bytes that were read last. */
  readonly toNode: (socket: Socket, bytes: Buffer) => void;
  /** Told of a connection over which no request came in time. */
  readonly onSilent: (socket: Socket) => void;
  readonly onFault: OnFault;
}

const SWEEP_MS = 1_000;
/** How much longer than announced a connection is kept, as Node does: a client may use it until the very end, and its bytes take time. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** All connections on the fast path: what they share, and how long each may stay. */
export class PlainConnections implements ConnectionOwner {
  readonly announcement: string;
  readonly onFault: OnFault;
  closing = false;
  readonly #options: PlainConnectionsOptions;
  readonly #connections = new Set<PlainConnection>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: PlainConnectionsOptions) {
    this.#options = options;
    this.onFault = options.onFault;
    const seconds = Math.floor(options.keepAliveTimeoutMs / 1_000);
    this.announcement = options.keepAliveTimeoutMs > 0 ? `Keep-Alive: timeout=${seconds}\r\n` : '';
  }

  add(socket: Socket): void {
    this.#connections.add(new PlainConnection(socket, this));
    this.#sweeper ??= setInterval(() => { this.#sweep(); }, SWEEP_MS).unref();
  }

  takes({ url, contentLength }: PlainHead): boolean {
    return contentLength <= this.#options.maxBodyBytes && this.#options.proxies(url);
  }

  handle(request: ClientRequest, response: ClientResponse): void {
    this.#options.handle(request, response);
  }

  handOver(connection: PlainConnection, bytes: Buffer): void {
    const { socket } = connection;
    connection.letGo();
    this.#connections.delete(connection);
    this.#options.toNode(socket, bytes);
  }

  onClosed(connection: PlainConnection): void {
    this.#connections.delete(connection);
  }

  /** Each connection ends with the answer that is under way. */
  close(): void {
    this.closing = true;
  }

  /** A new connection is not idle: its request may have come already without being read yet. */
  endIdle(): void {
    for (const { isIdle, used, socket } of this.#connections) if (isIdle && used) socket.destroy();
  }

  endAll(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  #sweep(): void {
    const { keepAliveTimeoutMs, headersTimeoutMs, onSilent } = this.#options;
    const now = performance.now();
    for (const { isIdle, used, idleSince, socket } of this.#connections) {
      if (!isIdle) continue;
      const idleMs = now - idleSince;
      if (!used && idleMs > headersTimeoutMs) onSilent(socket);
      else if (used && keepAliveTimeoutMs > 0 && idleMs > keepAliveTimeoutMs + KEEP_ALIVE_MARGIN_MS) socket.destroy();
    }
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
