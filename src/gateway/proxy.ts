import { ERROR_TYPES, type ErrorType } from '../domain/error-types.js';
import type { Dialect } from '../domain/dialect.js';
import { newRequestId } from '../domain/request-id.js';
import { isPreflight } from './access.js';
import type { Arrival } from './arrival.js';
import type { ClientRequest, ClientResponse } from './client.js';
import type { GatewayContext } from './context.js';
import { withoutGatewayKey, type Admission } from './credentials.js';
import { exchangeOf } from './exchange-of.js';
import { ProxiedRequest } from './proxied-request.js';
import { errorResponse, sendAnswer } from './refusal.js';
import { requestFault } from './request-fault.js';
import type { Choice, Route } from './route.js';
import { recordablePath, splitTarget, targetFault } from './target.js';
import type { Upgrade } from './upgrade.js';
import { UpgradedSession } from './upgraded-session.js';
import { variablePrefix, type Upstream } from './upstream.js';
import { unauthorizedMessage } from './unauthorized.js';

interface Fault {
  readonly type: ErrorType;
  readonly message: string;
  readonly close?: boolean;
}

/**
 * The entrance of the hot path: decides whether a request may pass and where it goes, and answers
 * the refused ones. A refused request leaves a record when its provider is known or was named
 * wrongly; what only scans for paths leaves none.
 */
export class Proxy {
  readonly #gateway: GatewayContext;
  readonly #defaultDialect: Dialect;
  readonly #isGatewayKey = (credential: string): boolean => this.#gateway.gatekeeper.label(credential) !== undefined;

  /** @param defaultDialect shape of errors where no provider is known */
  constructor(gateway: GatewayContext, defaultDialect: Dialect) {
    this.#gateway = gateway;
    this.#defaultDialect = defaultDialect;
  }

  /** @param upgrade where the request wants to turn its connection into another protocol */
  handle(request: ClientRequest, response: ClientResponse, upgrade?: Upgrade): void {
    response.on('error', ignore); // 'close' follows and says it all
    const { guard } = this.#gateway;
    const receivedAt = Date.now();
    const arrival: Arrival = {
      requestId: newRequestId(receivedAt),
      receivedAt,
      startedAt: performance.now(),
      target: splitTarget(request.url ?? ''),
      corsHeaders: request.headers.origin === undefined ? NONE : guard.corsHeaders(request),
    };
    let choice: Choice = UNROUTED;
    let admitted: ProxiedRequest | UpgradedSession | undefined;
    try {
      choice = this.#gateway.router.choose(arrival.target.path, {
        headers: request.headers, query: arrival.target.query, isGatewayKey: this.#isGatewayKey,
      });
      admitted = this.#admit(request, response, arrival, choice, upgrade);
    } catch (error) {
      this.#gateway.onFault?.(error);
      if (!response.headersSent) this.#refuse(request, response, arrival, choice, INTERNAL_ERROR);
    }
    admitted?.start();
  }

  /** Answers what may not pass. @returns what carries the others */
  #admit(
    request: ClientRequest, response: ClientResponse, arrival: Arrival, choice: Choice, upgrade: Upgrade | undefined,
  ): ProxiedRequest | UpgradedSession | undefined {
    const fault = requestFault(request, response);
    if (fault === undefined && isPreflight(request)) {
      this.#answerPreflight(request, response, arrival, choice);
      return undefined;
    }
    const badTarget = targetFault(request.url ?? '', arrival.target) ?? codingFault(request);
    if (fault !== undefined || badTarget !== undefined) {
      const recorded = { ...arrival, target: { path: recordablePath(arrival.target), query: '' } };
      const client = this.#gateway.gatekeeper.identify(request.headers, arrival.target.query)?.label;
      this.#refuse(request, response, recorded, choice, fault ?? { type: 'bad_request', message: `Bad request: ${badTarget}.` }, client);
      return undefined;
    }
    if (this.#gateway.gatekeeper.isInPath(arrival.target.path)) {
      // No record: its path and model would hold the key.
      this.#send(request, response, arrival, choice, { type: 'bad_request', message: 'Bad request: the path holds a gateway key. Send it in the header x-gateway-api-key.' });
      return undefined;
    }
    if (choice.kind !== 'route') {
      this.#refuseUnrouted(request, response, arrival, choice);
      return undefined;
    }
    const { route } = choice;
    const admission = this.#gateway.gatekeeper.admit(route.upstream, request, arrival.target.query, route);
    if ('refused' in admission) {
      const message = unauthorizedMessage(admission, route.upstream, this.#gateway.gatekeeper);
      this.#refuse(request, response, arrival, choice, { type: 'unauthorized', message }, admission.client);
      return undefined;
    }
    const unfit = this.#unfit(request, route, admission);
    if (unfit !== undefined) {
      this.#refuse(request, response, arrival, choice, unfit, admission.client);
      return undefined;
    }
    return upgrade === undefined
      ? new ProxiedRequest(this.#gateway, request, response, arrival, route, admission)
      : new UpgradedSession(this.#gateway, upgrade, arrival, route, admission);
  }

  /** Reasons that have nothing to do with keys. */
  #unfit(request: ClientRequest, { upstream, nativePath }: Route, admission: Admission): Fault | undefined {
    const { guard, viaName } = this.#gateway;
    // A page knows no gateway key; what is lent without one is not for pages.
    if (admission.lent && request.headers.host !== undefined && !guard.allowsHost(request)) {
      return { type: 'forbidden_host', message: 'The Host header is not a loopback name. Add the name to ALLOWED_HOSTS if it is yours.' };
    }
    if (admission.lent && !guard.allowsOrigin(request)) {
      return { type: 'forbidden_origin', message: 'A web page may not use what the gateway lends. Add its origin to CORS_ORIGINS if it is yours.' };
    }
    if (cameThrough(request.headers.via, viaName)) {
      return { type: 'loop_detected', message: 'The request has come through this gateway already: a provider\'s base URL leads back to it.' };
    }
    if (isUpgrade(request) && !takesSockets(upstream, nativePath, request)) {
      return { type: 'upgrade_unsupported', message: 'The gateway forwards WebSocket connections only to the realtime paths of providers that have them.', close: true };
    }
    if (upstream.origin === undefined) {
      const variable = `${variablePrefix(upstream.provider.name)}_BASE_URL`;
      return { type: 'provider_unconfigured', message: `Nothing says where ${upstream.provider.title} is. Set ${variable} on the gateway.` };
    }
    const refused = this.#gateway.refuse();
    return refused === undefined ? undefined : { type: refused, message: `The gateway takes no requests now: ${ERROR_TYPES[refused].meaning}.` };
  }

  #answerPreflight(request: ClientRequest, response: ClientResponse, arrival: Arrival, choice: Choice): void {
    const headers = this.#gateway.guard.preflight(request);
    if (headers === undefined) {
      return this.#send(request, response, arrival, choice,
        { type: 'forbidden_origin', message: 'This origin is not in CORS_ORIGINS.' });
    }
    response.writeHead(204, [...headers, 'x-gateway-request-id', arrival.requestId]);
    response.end();
  }

  #refuseUnrouted(request: ClientRequest, response: ClientResponse, arrival: Arrival, choice: Choice): void {
    const { gatekeeper, router } = this.#gateway;
    const gatewayKey = gatekeeper.identify(request.headers, arrival.target.query);
    if (gatekeeper.locked && gatewayKey === undefined) {
      return this.#send(request, response, arrival, choice,
        { type: 'unauthorized', message: unauthorizedMessage(withoutGatewayKey(request.headers), undefined, gatekeeper) });
    }
    const names = router.names.join(', ');
    if (choice.kind === 'unknown-provider') {
      return this.#refuse(request, response, arrival, choice,
        { type: 'unknown_provider', message: `The header x-provider names no known provider. Known: ${names}.` }, gatewayKey?.label);
    }
    this.#send(request, response, arrival, choice, {
      type: 'not_found',
      message: `No provider serves this path. Served: /v1/… (OpenAI), /v1/messages (Anthropic), /{provider}/…, or any path with the header x-provider. Providers: ${names}.`,
    });
  }

  /** Answers and, where the provider is known or was named wrongly, records. */
  #refuse(request: ClientRequest, response: ClientResponse, arrival: Arrival, choice: Choice, fault: Fault, client?: string): void {
    if (choice.kind === 'not-found') return this.#send(request, response, arrival, choice, fault);
    const answer = this.#answer(request, arrival, choice, fault);
    const written = this.#record(request, arrival, choice, fault.type, answer.body.length, client);
    if (written === undefined) sendAnswer(request, response, answer);
    else written.then(() => { sendAnswer(request, response, answer); }).catch((error: unknown) => { this.#gateway.onFault?.(error); });
  }

  #send(request: ClientRequest, response: ClientResponse, arrival: Arrival, choice: Choice, fault: Fault): void {
    sendAnswer(request, response, this.#answer(request, arrival, choice, fault));
  }

  #answer(request: ClientRequest, arrival: Arrival, choice: Choice, fault: Fault): ReturnType<typeof errorResponse> {
    const dialect = choice.kind === 'route' ? choice.route.dialect : this.#defaultDialect;
    const closing = fault.close === true || (!request.complete && request.headers['content-length'] !== '0' && hasUnreadBody(request));
    return errorResponse(dialect, fault.type, fault.message, arrival.requestId,
      [...arrival.corsHeaders, ...(closing ? ['connection', 'close'] : NONE)]);
  }

  #record(request: ClientRequest, arrival: Arrival, choice: Choice, type: ErrorType, size: number, client: string | undefined): Promise<void> | undefined {
    const route = choice.kind === 'route' ? choice.route : undefined;
    // Whoever may not use the gateway must not be able to fill its log, either.
    const stranger = client === undefined && (type === 'unauthorized' || this.#gateway.gatekeeper.locked);
    if (stranger && !this.#gateway.refusals.take(arrival.startedAt)) return undefined;
    const exchange = exchangeOf(stranger ? strangers(arrival) : arrival, stranger ? { method: request.method, headers: NO_HEADERS } : request, {
      provider: route?.upstream.provider.name ?? 'unknown',
      client,
      model: stranger ? undefined : route?.dialect.readPath?.(route.nativePath).model,
      requestSize: 0,
      responseSize: request.method === 'HEAD' ? 0 : size,
      endReason: 'gateway',
      errorType: type,
      attempts: 0,
      failedAttempts: 0,
      providerMs: 0,
      bodyReadMs: 0,
      endedAt: performance.now(),
      headSent: false,
    });
    const written = this.#gateway.record(exchange);
    this.#gateway.onExchange?.(exchange);
    return written ?? undefined;
  }
}

const NONE: readonly string[] = [];

const UNROUTED: Choice = { kind: 'not-found' };
const INTERNAL_ERROR: Fault = { type: 'internal_error', message: 'The gateway met a fault of its own; its log says more.' };

const MAX_STRANGERS_PATH = 128;
const NO_HEADERS = {};

/** Of a refused request without a gateway key the record holds no texts of the client's but the begin of its path. */
function strangers(arrival: Arrival): Arrival {
  const { path, query } = arrival.target;
  return path.length <= MAX_STRANGERS_PATH ? arrival : { ...arrival, target: { path: path.slice(0, MAX_STRANGERS_PATH), query } };
}

/** Whether `Via` names this gateway, as a whole word: another one's name may begin like ours. */
function cameThrough(via: string | undefined, name: string): boolean {
  return via?.split(/[\s,]+/).includes(name) ?? false;
}

/** Codings beside `chunked` would have to be undone here: their bytes mean nothing without the header, which ends at this hop. */
function codingFault(request: ClientRequest): string | undefined {
  const coding = request.headers['transfer-encoding'];
  return coding === undefined || coding.toLowerCase() === 'chunked' ? undefined : 'the only transfer coding that is understood is chunked';
}

function ignore(): void {
  // deliberately nothing
}

function takesSockets({ provider }: Upstream, nativePath: string, request: ClientRequest): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket'
    && provider.socketPaths?.some((path) => path.test(nativePath)) === true;
}

/** WebSocket and its like; an offer of h2c, which Java's client makes to every server, may be ignored. */
function isUpgrade(request: ClientRequest): boolean {
  const { upgrade } = request.headers;
  return upgrade !== undefined && upgrade.toLowerCase() !== 'h2c';
}

function hasUnreadBody(request: ClientRequest): boolean {
  return request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
}
