import { Server, type RequestListener, type ServerOptions } from 'node:http';
import { Socket } from 'node:net';
import type { ClientRequest, ClientResponse } from '../../gateway/client.js';
import { PlainConnections } from './plain-connections.js';

export interface FastServerOptions {
  /** Options and listener of Node's server, for all that is not plain. */
  readonly http: ServerOptions & { readonly headersTimeout: number; readonly keepAliveTimeout: number };
  readonly listener: RequestListener;
  /** Takes a plain request. */
  readonly handle: (request: ClientRequest, response: ClientResponse) => void;
  /** Whether the target is the proxy's. */
  readonly proxies: (target: string) => boolean;
  readonly maxBodyBytes: number;
}

/**
 * Node's HTTP server with a shorter way for the plain requests that nearly all LLM calls are: POST,
 * JSON, a declared length. A connection is Node's from the first head on that is anything else.
 */
export class FastServer extends Server {
  readonly #plain: PlainConnections;
  /** Idle connections are left to their clients for now. */
  #idleStays = false;

  constructor({ http, listener, handle, proxies, maxBodyBytes }: FastServerOptions) {
    super(http, listener);
    const own = this.listeners('connection');
    const toNode = (socket: unknown): void => { for (const each of own) each.call(this, socket); };
    this.#plain = new PlainConnections({
      handle, proxies, maxBodyBytes, toNode, keepAliveTimeoutMs: http.keepAliveTimeout, headersTimeoutMs: http.headersTimeout,
      onSilent: (socket) => { this.emit('clientError', Object.assign(new Error('no request came in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket); },
    });
    this.removeAllListeners('connection');
    this.on('connection', (socket: unknown) => {
      // What stands in for a socket within this process (HTTP/2) is Node's, and so is one that comes back from an upgrade, read already.
      if (socket instanceof Socket && socket.bytesRead === 0) this.#plain.add(socket);
      else toNode(socket);
    });
  }

  override close(callback?: (error?: Error) => void): this {
    this.#plain.close();
    return super.close(callback);
  }

  /** From now on each answer ends its connection; idle connections stay open until `closeIdle`. */
  wind(): void {
    this.#idleStays = true;
    this.#plain.close();
  }

  /** Closes the connections that no request is on. */
  closeIdle(): void {
    this.#idleStays = false;
    this.closeIdleConnections();
  }

  /** What `close` calls, too. */
  override closeIdleConnections(): void {
    if (this.#idleStays) return;
    super.closeIdleConnections();
    this.#plain.endIdle();
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    this.#plain.endAll();
  }
}
