import type { FastifyInstance } from 'fastify';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { ErrorType } from '../../src/domain/error-types.js';
import type { Exchange } from '../../src/domain/exchange.js';
import type { BodyMemory } from '../../src/gateway/body-memory.js';
import { createGateway, upstreamsFrom, type Gateway, type GatewaySettings } from '../../src/gateway/create.js';
import { variablePrefix } from '../../src/gateway/upstream.js';
import { PROVIDERS } from '../../src/providers/registry.js';
import { buildApp } from '../../src/server/app.js';
import { judgeReadiness, NO_EXPORT } from '../../src/server/readiness.js';
import { ADMIN_TOKEN } from './admin-token.js';

/** The hot path over real sockets, with its records in memory and a scripted provider behind it. */
export interface ProxyHarness {
  readonly url: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly app: FastifyInstance;
  readonly exchanges: Exchange[];
  /** The one exchange of a test; waits until it is there. */
  exchange(): Promise<Exchange>;
  /** For each answer under way, how many listeners wait for it to drain. */
  listenersOnResponses(): number[];
  close(): Promise<void>;
}

export interface HarnessOptions {
  readonly env?: Record<string, string>;
  readonly settings?: Partial<GatewaySettings>;
  /** True unless given: callers need no key, since few tests are about who may enter. */
  readonly allowOpen?: boolean;
  /** The key of programs on this machine. */
  readonly localKey?: { readonly label: string; readonly key: string };
  readonly host?: string;
  /** Delays every record (TELEMETRY_FSYNC=always). */
  readonly recordDelayMs?: number;
  /** Called when a record is made, before the last bytes go out. */
  readonly onRecord?: (exchange: Exchange) => void;
  /** Silence of a client that sends its body; 60 s unless given. */
  readonly clientIdleMs?: number;
  /** Memory for long bodies with other limits than usual. */
  readonly bodyMemory?: BodyMemory;
  /** Faults of the gateway's own. */
  readonly onFault?: (error: unknown) => void;
  /** Requests that the gateway had no connection left for. */
  readonly onShortage?: (detail: string) => void;
  /** Why requests are refused at the moment. */
  readonly refuse?: () => ErrorType | undefined;
  /** Time for which an idle connection is kept; 5 s unless given. */
  readonly keepAliveTimeoutMs?: number;
}

const LOG = { writable: true, lines_written: 0, append_failures: 0, slow_writes: 0, last_slow_write_ms: null, slow_lately: false, full: false, dropped_records: 0, dropped_lately: false };

export async function startProxy(options: HarnessOptions = {}): Promise<ProxyHarness> {
  const exchanges: Exchange[] = [];
  const variable = (name: string): { value: string; source: string } | undefined => {
    const value = options.env?.[name];
    return value === undefined ? undefined : { value, source: 'environment' };
  };
  const gateway = createGateway({
    settings: {
      apiKeys: [], allowedHosts: [], corsOrigins: [], maxBodyBytes: 100 * 2 ** 20, maxBufferedBytes: 512 * 2 ** 20,
      upstreamConnectTimeoutMs: 5_000, upstreamFirstByteTimeoutMs: 60_000, upstreamIdleTimeoutMs: 60_000, upstreamTotalTimeoutMs: 0,
      ...options.settings,
    },
    upstreams: upstreamsFrom(variable),
    variable,
    record: (exchange) => {
      options.onRecord?.(exchange);
      exchanges.push(exchange);
      if (options.recordDelayMs !== undefined) return new Promise((resolve) => { setTimeout(resolve, options.recordDelayMs); });
      return undefined;
    },
    instance: 'test',
    allowOpen: options.allowOpen ?? true,
    ...(options.localKey === undefined ? {} : { localKey: options.localKey }),
    refuse: options.refuse ?? (() => undefined),
    ...(options.onShortage === undefined ? {} : { onShortage: options.onShortage }),
    ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
    ...(options.bodyMemory === undefined ? {} : { bodyMemory: options.bodyMemory }),
    ...(options.clientIdleMs === undefined ? {} : { clientIdleMs: options.clientIdleMs }),
  });
  const app = buildApp({
    proxy: gateway.proxy,
    admits: (request) => gateway.admits(request.raw),
    version: '0.0.0',
    readiness: () => judgeReadiness({ stopping: false, refusing: false, log: LOG, elasticsearch: NO_EXPORT }),
    isAdmin: ({ headers }) => headers.authorization === `Bearer ${ADMIN_TOKEN}`,
    mayScrape: ({ headers }) => headers.authorization === `Bearer ${ADMIN_TOKEN}`,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 5_000,
    maxBodyBytes: options.settings?.maxBodyBytes ?? 100 * 2 ** 20,
    onFault: options.onFault ?? ((error) => { throw error; }),
  });
  const responses = new Set<ServerResponse>();
  app.server.on('request', (_request, response) => {
    responses.add(response);
    response.once('close', () => { responses.delete(response); });
  });
  await app.listen({ host: options.host ?? '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    gateway,
    app,
    exchanges,
    listenersOnResponses: () => [...responses].map((response) => response.listenerCount('drain')),
    exchange: async () => {
      await until(() => exchanges.length > 0);
      return exchanges[0] as Exchange;
    },
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
      gateway.close();
    },
  };
}

/** Variables that put every provider at one address. */
export function everyProviderAt(url: string): Record<string, string> {
  return Object.fromEntries(PROVIDERS.map(({ name }) => [`${variablePrefix(name)}_BASE_URL`, url]));
}

/** A scripted provider: the test's own handler on a real socket. */
export interface ScriptedUpstream {
  readonly url: string;
  readonly server: Server;
  /** Requests as they came, with their bodies. */
  readonly requests: { request: IncomingMessage; body: Buffer }[];
  close(): Promise<void>;
}

/** The handler is called when the request's body is complete. */
export async function startUpstream(handler: RequestListener): Promise<ScriptedUpstream> {
  const requests: { request: IncomingMessage; body: Buffer }[] = [];
  const server = createServer({ keepAliveTimeout: 5_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ request, body: Buffer.concat(chunks) });
      handler(request, response);
    });
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    requests,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

/** Sends raw bytes and returns all that comes until the peer closes (or `done` says enough). */
export function rawExchange(port: number, bytes: string, done?: (text: string) => boolean): Promise<{ text: string; error: string | undefined }> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    let error: string | undefined;
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
      if (done?.(text) === true) socket.destroy();
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => { error = cause.code; });
    socket.on('close', () => { resolve({ text, error }); });
  });
}

/** Polls until the condition holds; fails after a generous time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}
