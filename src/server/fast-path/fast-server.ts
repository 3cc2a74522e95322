import { Server, type IncomingMessage, type RequestListener, type ServerOptions, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ClientRequest, ClientResponse } from '../../gateway/client.js';
import type { ClientError } from '../client-error.js';
import { endFaulty, type Destroyable, type OnFault } from '../guard.js';
import { NodeConnection } from './node-connection.js';
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
  /** Takes a connection over which the preface of HTTP/2 came, with the bytes behind it. */
  readonly onHttp2: (socket: Socket, bytes: Buffer) => void;
  /** Takes a connection over which no HTTP came, or none in time; `begun`: part of an answer is out. */
  readonly onClientError: (error: ClientError, socket: Socket, begun: boolean) => void;
  readonly onFault: OnFault;
}

/**
 * Node's HTTP server with a shorter way for the plain requests that nearly all LLM calls are: POST,
 * JSON, a declared length. A connection is Node's from the first head on that is anything else.
 */
export class FastServer extends Server {
  readonly #plain: PlainConnections;
  readonly #nodes = new WeakMap<Duplex, NodeConnection>();
  /** Connections that speak HTTP/2 now. */
  readonly #http2 = new Set<Socket>();
  readonly #options: FastServerOptions;
  /** Idle connections are left to their clients for now. */
  #idleStays = false;

  constructor(options: FastServerOptions) {
    const { http, listener, handle, proxies, maxBodyBytes, onFault } = options;
    super(http, listener);
    this.#options = options;
    const own = this.listeners('connection');
    const toNode = (socket: Duplex): void => {
      for (const each of own) each.call(this, socket);
      this.#nodes.set(socket, new NodeConnection(socket, onFault));
    };
    this.#plain = new PlainConnections({
      handle, proxies, maxBodyBytes, onFault, keepAliveTimeoutMs: http.keepAliveTimeout, headersTimeoutMs: http.headersTimeout,
      toNode: (socket, bytes) => {
        toNode(socket);
        this.#nodes.get(socket)?.read(bytes);
      },
      onSilent: (socket) => { this.emit('clientError', Object.assign(new Error('no request came in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket); },
    });
    this.removeAllListeners('connection');
    this.on('connection', (socket: Duplex) => {
      // What stands in for a socket within this process (HTTP/2) is Node's, and so is one that comes back from an upgrade, read already.
      if (socket instanceof Socket && socket.bytesRead === 0) this.#plain.add(socket);
      else toNode(socket);
    });
  }

  /** All that Node's server tells passes here: what a listener throws ends its connection, and never the process. */
  override emit(event: string, ...args: unknown[]): boolean {
    try {
      return this.#pass(event, args) || super.emit(event, ...args);
    } catch (error) {
      endFaulty(connectionOf(args), this.#options.onFault, error);
      return true;
    }
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
    for (const socket of this.#http2) socket.destroy();
  }

  /**
   * Keeps each connection to one request at a time, and takes it from Node where Node gives it up.
   *
   * @returns whether listeners need not know
   */
  #pass(event: string, args: unknown[]): boolean {
    switch (event) {
      case 'request':
      case 'checkContinue':
      case 'checkExpectation': {
        const [request, response] = args as [IncomingMessage, ServerResponse];
        const connection = this.#nodes.get(request.socket);
        if (refusesSecond(connection, request.socket)) return true;
        connection?.begin(request, response);
        return false;
      }
      case 'upgrade':
      case 'connect': {
        const [, socket, head] = args as [IncomingMessage, Duplex, Buffer];
        const connection = this.#nodes.get(socket);
        if (refusesSecond(connection, socket)) return true;
        if (connection !== undefined) args[2] = Buffer.concat([head, connection.release()]);
        return false;
      }
      case 'clientError': {
        const [error, socket] = args as [ClientError, Socket];
        this.#onClientError(error, socket);
        return true;
      }
      default: return false;
    }
  }

  #onClientError(error: ClientError, socket: Socket): void {
    const connection = this.#nodes.get(socket);
    const bytes = connection?.release();
    if (error.code !== 'HPE_PAUSED_H2_UPGRADE' || bytes === undefined) {
      return this.#options.onClientError(error, socket, connection?.begun === true);
    }
    takeFromNode(socket);
    this.#http2.add(socket);
    socket.on('close', () => { this.#http2.delete(socket); });
    this.#options.onHttp2(socket, bytes);
  }
}

/** Tells Node's server that a connection is closed: else it would end it for the head that never came. */
function takeFromNode(socket: Socket): void {
  for (const listener of socket.listeners('close')) listener.call(socket);
  for (const event of ['data', 'end', 'close', 'error', 'drain', 'timeout']) socket.removeAllListeners(event);
  socket.setTimeout(0);
}

/** Ends a connection where a lenient parser (--insecure-http-parser) finds a request behind a pending answer. */
function refusesSecond(connection: NodeConnection | undefined, socket: Duplex): boolean {
  if (connection?.answering !== true) return false;
  socket.destroy();
  return true;
}

/** The connection that an event is about: it comes with a request, or as an argument of its own. */
function connectionOf(args: readonly unknown[]): Destroyable | undefined {
  for (const arg of args) {
    if (arg instanceof Duplex) return arg;
    const { socket } = (arg ?? {}) as { socket?: Destroyable };
    if (socket !== undefined) return socket;
  }
  return undefined;
}
