import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { sendAfterPoll } from './after-poll.js';
import type { Call } from './call.js';
import type { ConnectionLimit } from './connection-limit.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { ConnectionLost, ConnectTimeout, TooManyConnections } from './fault.js';

export interface OriginPoolOptions {
  /** Milliseconds until a connection must be there, TLS included; 0 = no limit. */
  readonly connectTimeoutMs: number;
  /** Shared by all origins. */
  readonly limit: ConnectionLimit;
}

const SWEEP_MS = 1_000;
const TCP_KEEP_ALIVE_MS = 60_000;

/** The connections to one origin: as many as there are calls at once, the last used one first. */
export class OriginPool implements ConnectionOwner {
  /** The owner's own: when it was last asked for. */
  usedAt = 0;
  readonly #secure: boolean;
  readonly #hostname: string;
  readonly #port: number;
  readonly #host: string;
  readonly #options: OriginPoolOptions;
  readonly #sockets = new Set<Socket>();
  readonly #idle: Connection[] = [];
  readonly #sweeper: NodeJS.Timeout;
  /** The last TLS session, so that the next handshake is short. */
  #session: Buffer | undefined;
  #closed = false;

  constructor(origin: string, options: OriginPoolOptions) {
    const { protocol, hostname, port, host } = new URL(origin);
    this.#secure = protocol === 'https:';
    this.#hostname = hostname.replace(/^\[|\]$/g, '');
    this.#port = port === '' ? (this.#secure ? 443 : 80) : Number(port);
    this.#host = host;
    this.#options = options;
    this.#sweeper = setInterval(() => { this.#closeStale(); }, SWEEP_MS).unref();
  }

  /** It was closed or retired. */
  get closed(): boolean {
    return this.#closed;
  }

  dispatch(call: Call): void {
    const connection = this.#take();
    if (connection === undefined) this.#connect(call);
    else sendAfterPoll(connection, call, this);
  }

  onFree(connection: Connection): void {
    if (this.#closed) return connection.destroy();
    connection.freeSince = performance.now();
    this.#idle.push(connection);
  }

  onClosed(connection: Connection): void {
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  /** Closes the connection that lay idle longest; false where there is none. */
  closeIdle(): boolean {
    const connection = this.#idle.shift();
    connection?.destroy();
    return connection !== undefined;
  }

  /** Ends all connections, with what they carry. */
  close(): void {
    this.retire();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends the connections as they become free. */
  retire(): void {
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  #take(): Connection | undefined {
    const now = performance.now();
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.usable && now - connection.freeSince < connection.idleMs) return connection;
      connection.destroy();
    }
    return undefined;
  }

  /** Servers drop idle connections; ours are gone before. */
  #closeStale(): void {
    const now = performance.now();
    for (const connection of this.#idle.filter(({ freeSince, idleMs }) => now - freeSince >= idleMs)) connection.destroy();
  }

  #connect(call: Call): void {
    const { connectTimeoutMs, limit } = this.#options;
    if (!limit.take()) {
      const error = new TooManyConnections(`${limit.max} connections are in use`);
      // Not before the caller has its call.
      process.nextTick(() => { if (!call.aborted) call.handler.onCallFailed(error); });
      return;
    }
    const socket = this.#open();
    this.#sockets.add(socket);
    const timer = connectTimeoutMs === 0 ? undefined
      : setTimeout(() => { socket.destroy(new ConnectTimeout(`no connection within ${connectTimeoutMs} ms`)); }, connectTimeoutMs);
    let failure: Error | undefined;
    const onError = (error: Error): void => { failure = error; };
    const onClose = (): void => {
      clearTimeout(timer);
      if (!call.aborted) call.handler.onCallFailed(failure ?? new ConnectionLost('the connection was closed before it was ready'));
    };
    socket.on('close', () => {
      this.#sockets.delete(socket);
      limit.give();
    });
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.once(this.#secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.off('close', onClose);
      const connection = new Connection(socket, this.#host, this);
      if (call.aborted) this.onFree(connection);
      else connection.send(call);
    });
  }

  #open(): Socket {
    const place = { host: this.#hostname, port: this.#port, noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS };
    if (!this.#secure) return connect(place);
    const socket = connectTls({
      ...place,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(this.#hostname) === 0 ? { servername: this.#hostname } : {}),
      ...(this.#session === undefined ? {} : { session: this.#session }),
    });
    socket.on('session', (session: Buffer) => { this.#session = session; });
    return socket;
  }
}
