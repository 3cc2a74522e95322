import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { newRequestId } from '../domain/request-id.js';
import type { Proxy } from '../gateway/proxy.js';
import { requestFault } from '../gateway/request-fault.js';
import { isJsonType } from '../gateway/request-body.js';
import { takeUpgrades } from '../gateway/upgrade.js';
import { FastServer } from './fast-path/fast-server.js';
import type { OnFault } from './guard.js';
import { Http2Bridge } from './http2-bridge.js';
import { onClientError, refuseConnect } from './client-error.js';
import type { Readiness } from './readiness.js';

export interface AppOptions {
  readonly proxy: Proxy;
  /** Whether `/` and other own routes need a gateway key, and whether this request has one. */
  readonly admits: (request: FastifyRequest) => boolean;
  readonly version: string;
  readonly readiness: () => Readiness;
  /** Whether this request may see the details of `/ready`, and metrics wherever the gateway listens. */
  readonly isAdmin: (request: FastifyRequest) => boolean;
  /** Whether this request may see the metrics. */
  readonly mayScrape: (request: FastifyRequest) => boolean;
  /** The text of `GET /metrics` and its content type; absent where nothing counts. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly keepAliveTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Told of a fault of the gateway's own that ended a connection. */
  readonly onFault: OnFault;
}

/** The application and how it stops. */
export type App = FastifyInstance & {
  /** From now on each answer ends its connection; idle connections stay open until `closeIdle`. */
  wind(): void;
  /** Closes the connections that no request is on. */
  closeIdle(): void;
};

const HEADERS_TIMEOUT_MS = 60_000;
const OWN_ROUTES: ReadonlySet<string> = new Set(['/', '/health', '/ready', '/metrics']);

/**
 * The HTTP application; it does not listen. Own routes are few; everything else goes raw to the
 * proxy, unparsed (`reply.hijack()`).
 */
export function buildApp(options: AppOptions): App {
  const http2 = new Http2Bridge(() => app.server, options.keepAliveTimeoutMs, options.onFault);
  let closing = false;
  // What is to be proxied never meets fastify's router: it would cost more than the proxy's own decisions.
  const route = (request: IncomingMessage, response: ServerResponse): void => {
    if (closing && request.httpVersionMajor < 2) response.setHeader('connection', 'close');
    if (isOwn(request.url ?? '') && requestFault(request, response) === undefined) return app.routing(request, response);
    options.proxy.handle(request, response);
  };
  const servers: FastServer[] = [];
  const listening = (server: FastServer): FastServer => {
    servers.push(server);
    server.on('connect', refuseConnect);
    takeUpgrades(server, (upgrade) => { options.proxy.handle(upgrade.request, upgrade.response, upgrade); });
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      if (!isTooLarge(request, options.maxBodyBytes)) response.writeContinue();
      route(request, response);
    });
    server.on('checkExpectation', route);
    return server;
  };
  const app: FastifyInstance = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    requestTimeout: 0,
    // Called once for each address that a name such as localhost stands for.
    serverFactory: () => listening(new FastServer({
      http: {
        headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0, keepAliveTimeout: options.keepAliveTimeoutMs, maxHeaderSize: 64 * 1024,
        requireHostHeader: false, // refused by the proxy, which says why and records it
      },
      listener: (request, response) => { route(request, response); },
      handle: (request, response) => { options.proxy.handle(request, response); },
      proxies: (target) => !isOwn(target),
      maxBodyBytes: options.maxBodyBytes,
      onHttp2: (socket, bytes) => { http2.take(socket, bytes); },
      onClientError,
      onFault: options.onFault,
    })),
    // A target that the router cannot decode is still the proxy's to judge.
    frameworkErrors: (_error, request, reply) => { proxy(request, reply); },
  });
  app.addHook('preClose', (done) => { closing = true; done(); });
  const proxy = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    options.proxy.handle(request.raw, reply.raw);
  };
  // Before fastify looks at the body: an odd content type is the provider's to judge, too.
  app.addHook('onRequest', (request, reply, done) => {
    if (!OWN_ROUTES.has(request.routeOptions.url ?? '')) return proxy(request, reply);
    reply.header('x-gateway-request-id', newRequestId(Date.now()));
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null); });

  app.route({ method: ['GET', 'HEAD'], url: '/', handler: async (request, reply) => {
    if (!options.admits(request)) { proxy(request, reply); return; }
    return reply.send({
      name: 'gateway',
      version: options.version,
      next: {
        'send a request': 'POST /v1/chat/completions, /v1/messages, /{provider}/… or any path with the header x-provider',
        'see what was recorded': 'gateway metrics top --by provider',
        health: ['/health', '/ready'],
      },
    });
  } });
  app.route({ method: ['GET', 'HEAD'], url: '/health', handler: async () => ({ status: 'ok', version: options.version }) });
  app.route({ method: ['GET', 'HEAD'], url: '/ready', handler: async (request, reply) => {
    const readiness = options.readiness();
    return reply.code(readiness.status === 'unavailable' ? 503 : 200).send(options.isAdmin(request) ? readiness : { status: readiness.status });
  } });
  app.route({ method: ['GET', 'HEAD'], url: '/metrics', handler: async (request, reply) => {
    const metrics = options.metrics;
    if (metrics === undefined) { proxy(request, reply); return; }
    if (!options.mayScrape(request)) return unauthorized(reply, 'The metrics need the admin token: send Authorization: Bearer with ADMIN_TOKEN, or with the one in the file admin-token of TELEMETRY_DIR.');
    const { contentType, text } = await metrics();
    return reply.type(contentType).send(text);
  } });
  app.route({ method: app.supportedMethods, url: '/*', handler: proxy, constraints: {} });
  app.setNotFoundHandler(proxy);

  app.addHook('preClose', (done) => {
    http2.close();
    done();
  });
  return Object.assign(app, {
    wind: () => {
      closing = true;
      http2.close();
      for (const server of servers) server.wind();
    },
    closeIdle: () => { for (const server of servers) server.closeIdle(); },
  });
}

/** Whether a body is too large by its own word, so that nobody asks for it; those that are not JSON stream through, whatever their size. */
function isTooLarge({ headers }: IncomingMessage, maxBodyBytes: number): boolean {
  return isJsonType(headers['content-type']) && Number(headers['content-length'] ?? 0) > maxBodyBytes;
}

function unauthorized(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(401).header('x-gateway-error', 'unauthorized').header('www-authenticate', 'Bearer')
    .send({ error: { message, type: 'unauthorized', code: 'unauthorized', param: null } });
}

/** Whether a request's target is one of the gateway's own pages. */
function isOwn(target: string): boolean {
  const mark = target.indexOf('?');
  return OWN_ROUTES.has(mark === -1 ? target : target.slice(0, mark));
}
