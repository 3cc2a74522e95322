import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Dialect } from '../domain/dialect.js';
import { ERROR_TYPES, type ErrorType } from '../domain/error-types.js';
import type { EndReason, Exchange } from '../domain/exchange.js';
import { applySplice, readBodyFacts } from '../wire/body-facts.js';
import { createTap, type Tap } from '../wire/tap.js';
import { UsageChunkFilter } from '../wire/usage-chunk-filter.js';
import { regionOf } from './aws-signing.js';
import type { GatewayContext } from './context.js';
import { ownCredential, type Admission } from './credentials.js';
import { requestHeaders, responseHeaders } from './headers.js';
import { errorResponse, sendAnswer } from './refusal.js';
import { BufferedBody, hasBody, isJsonType, PassingBody, type BodyReader } from './request-body.js';
import type { Route } from './route.js';
import type { Expirable } from './sweeper.js';
import { withoutParameter, type Target } from './target.js';
import { isPassing, upstreamFault } from './upstream-error.js';

const MAX_ATTEMPTS = 3;
const RETRY_PAUSE_MS = 100;

/** Facts that are fixed before an exchange starts. */
export interface Arrival {
  readonly requestId: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly receivedAt: number;
  /** performance.now() at the same moment. */
  readonly startedAt: number;
  readonly target: Target;
  readonly corsHeaders: readonly string[];
}

/**
 * One proxied request from its headers to its record: reads the body, dispatches, lets the answer
 * pass through, and appends the record before the bytes that complete the answer for its reader.
 * It is undici's handler itself, so that a request needs one object and no closures.
 *
 * Life: reading → waiting (dispatched) → answering → settled. `#settled` means that the record is
 * made; nothing that comes later changes it.
 */
export class ProxiedRequest implements Dispatcher.DispatchHandler, BodyReader, Expirable {
  readonly #gateway: GatewayContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #arrival: Arrival;
  readonly #route: Route;
  readonly #admission: Admission;

  #buffered: BufferedBody | undefined;
  #passing: PassingBody | undefined;
  #body: Buffer | PassingBody | undefined;
  #headers: string[] = [];
  #origin = '';
  #path = '';
  #model: string | undefined;
  #stream: boolean | undefined;
  #requestSize = 0;
  #spliced = false;

  #controller: Dispatcher.DispatchController | undefined;
  #attempts = 0;
  #failedAttempts = 0;
  #sent = false;
  #bodyReadMs = 0;
  #dispatchedAt = 0;
  #providerMs = 0;
  #lastActivityAt: number;
  #phase: 'reading' | 'waiting' | 'answering' | 'settled' = 'reading';

  #tap: Tap | undefined;
  #filter: UsageChunkFilter | undefined;
  #providerStatus: number | undefined;
  #contentLength: number | undefined;
  #upstreamBytes = 0;
  #responseSize = 0;
  #firstTokenAt: number | undefined;
  /** The record is made but the last bytes still wait for it (decoder, fsync). */
  #holding = false;
  #endAfterHold = false;
  #held: Buffer[] = [];

  constructor(
    gateway: GatewayContext, request: IncomingMessage, response: ServerResponse,
    arrival: Arrival, route: Route, admission: Admission,
  ) {
    this.#gateway = gateway;
    this.#request = request;
    this.#response = response;
    this.#arrival = arrival;
    this.#route = route;
    this.#admission = admission;
    this.#lastActivityAt = arrival.startedAt;
  }

  start(): void {
    this.#gateway.sweeper.add(this);
    this.#response.on('close', () => this.#onClientGone());
    this.#response.on('error', ignore); // 'close' follows and says it all
    const pathFacts = this.#route.dialect.readPath?.(this.#route.nativePath);
    this.#model = pathFacts?.model;
    this.#stream = pathFacts?.stream;
    const contentType = this.#request.headers['content-type'];
    if (!hasBody(this.#request)) {
      this.#dispatch();
    } else if (isJsonType(contentType)) {
      this.#buffered = new BufferedBody(this.#request, this, this.#gateway.budget, this.#gateway.maxBodyBytes);
      this.#buffered.start();
    } else {
      this.#passing = new PassingBody(contentType);
      this.#request.pipe(this.#passing);
      // `pipe` does not carry an abort on: without this, the upstream would wait for the rest for ever.
      this.#request.on('error', (error) => this.#passing?.destroy(error));
      this.#body = this.#passing;
      this.#dispatch();
    }
  }

  // ---- the client's body ----

  onBody(body: Buffer): void {
    this.#bodyReadMs = performance.now() - this.#arrival.startedAt;
    this.#requestSize = body.length;
    this.#body = body;
    if (this.#request.headers['content-encoding'] === undefined) {
      const facts = readBodyFacts(body);
      this.#model = facts.model ?? this.#model;
      // A JSON object that does not ask for a stream asks for none.
      this.#stream = facts.stream ?? this.#stream ?? (facts.isObject ? false : undefined);
      if (facts.usageSplice !== undefined && this.#route.rule?.streamUsage === true) {
        this.#body = applySplice(body, facts.usageSplice);
        this.#spliced = true;
      }
    }
    this.#dispatch();
  }

  onBodyFailure(reason: 'body_too_large' | 'buffers_full' | 'client_closed', received: number): void {
    this.#requestSize = received;
    if (reason === 'client_closed') return this.#onClientGone();
    if (reason === 'body_too_large') {
      this.#fail(reason, `The request body is over the limit of ${this.#gateway.maxBodyBytes} bytes (MAX_BODY_BYTES).`, ['connection', 'close']);
    } else {
      this.#fail(reason, 'The gateway holds as many request bodies as it may (MAX_BUFFERED_BYTES). Try again.', ['retry-after', '1']);
    }
  }

  // ---- towards the provider ----

  #dispatch(): void {
    const { upstream, upstreamPath } = this.#route;
    const { remove, useOwnKey } = this.#admission;
    const query = remove.includes('?key')
      ? withoutParameter(this.#arrival.target.query, 'key') : this.#arrival.target.query;
    this.#path = upstreamPath + query;
    this.#headers = requestHeaders(this.#request.rawHeaders, {
      connection: this.#request.headers.connection,
      remove,
      identityEncoding: this.#spliced,
      via: `1.1 ${this.#gateway.viaName}`,
    });
    if (useOwnKey && upstream.key !== undefined) {
      const credential = ownCredential(upstream.provider.auth, upstream.key.value);
      if (credential !== undefined) this.#headers.push(...credential);
    }
    for (const [name, value] of Object.entries(upstream.provider.defaultHeaders ?? {})) {
      if (this.#request.headers[name] === undefined) this.#headers.push(name, value);
    }
    const length = this.#request.headers['content-length'];
    if (this.#passing !== undefined && length !== undefined) this.#headers.push('content-length', length);
    this.#origin = upstream.origin as string;
    if (upstream.provider.auth === 'aws-sigv4') this.#dispatchToAws();
    else this.#attempt();
  }

  /** Puts the region into the address and signs, unless a Bearer key (the client's or ours) does it. */
  #dispatchToAws(): void {
    const region = regionOf(this.#request.headers, this.#gateway.variable);
    if (region === undefined) {
      return this.#fail('bad_request', 'The AWS region (x-aws-region, or the signature\'s scope) is not a region name such as us-east-1.');
    }
    this.#origin = this.#origin.replace('{region}', region);
    if (!this.#admission.useOwnKey || this.#route.upstream.key !== undefined) return this.#attempt();
    this.#gateway.awsSigner.sign({
      method: this.#request.method ?? 'GET',
      origin: this.#origin,
      path: this.#path,
      region,
      contentType: this.#request.headers['content-type'],
      body: Buffer.isBuffer(this.#body) ? this.#body : undefined,
    }).then((signature) => {
      this.#headers.push(...signature);
      if (this.#phase !== 'settled') this.#attempt();
    }, () => {
      this.#fail('unauthorized', 'The gateway found no AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, a role, or AWS_BEARER_TOKEN_BEDROCK on the gateway.');
    });
  }

  #attempt(): void {
    this.#phase = 'waiting';
    this.#attempts += 1;
    this.#dispatchedAt = performance.now();
    this.#lastActivityAt = this.#dispatchedAt;
    this.#gateway.pools.get(this.#origin).dispatch({
      path: this.#path,
      method: this.#request.method as Dispatcher.HttpMethod,
      headers: this.#headers,
      body: this.#body ?? null,
    }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sent = true;
    if (this.#phase === 'settled') controller.abort(new Error('the exchange is over'));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#phase === 'settled' || this.#holding) return;
    this.#providerMs += performance.now() - this.#dispatchedAt;
    this.#dispatchedAt = 0;
    this.#failedAttempts += 1;
    if (!this.#sent && this.#attempts < MAX_ATTEMPTS && !(this.#body instanceof PassingBody) && isPassing(error)) {
      this.#lastActivityAt = performance.now();
      setTimeout(() => { if (this.#phase !== 'settled') this.#attempt(); }, RETRY_PAUSE_MS * this.#attempts);
      return;
    }
    const fault = upstreamFault(error, this.#sent);
    this.#fail(fault.type, `The provider ${this.#route.upstream.provider.name} could not be used: ${fault.detail}.`);
  }

  // ---- the provider's answer ----

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>, statusText?: string): void {
    if (status < 200 || this.#phase === 'settled') return;
    this.#phase = 'answering';
    this.#lastActivityAt = performance.now();
    this.#providerStatus = status;
    this.#buffered?.release();
    this.#body = undefined;
    const raw = controller.rawHeaders as Buffer[];
    const head = responseHeaders(raw, !this.#spliced);
    this.#contentLength = head.contentLength;
    this.#tap = createTap({
      dialect: this.#route.dialect,
      contentType: head.contentType,
      ...(head.contentEncoding === undefined ? {} : { contentEncoding: head.contentEncoding }),
      status,
      header: (name) => { const value = headers[name]; return Array.isArray(value) ? value[0] : value; },
      onFirstToken: () => { this.#firstTokenAt ??= performance.now(); },
    });
    if (this.#spliced && this.#tap.isStream && head.contentEncoding === undefined) this.#filter = new UsageChunkFilter();
    const forwarded = head.forwarded;
    forwarded.push('x-gateway-request-id', this.#arrival.requestId, ...this.#arrival.corsHeaders);
    const spliceLength = this.#spliced && this.#filter === undefined && head.contentLength !== undefined;
    if (spliceLength) forwarded.push('content-length', String(head.contentLength));
    this.#response.writeHead(status, reasonPhrase(status, statusText), forwarded);
    if (this.#contentLength === 0 || this.#isBodiless(status)) return; // the head leaves with the record
    if (this.#tap.isStream) process.nextTick(flushHeaders, this.#response);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#lastActivityAt = performance.now();
    this.#upstreamBytes += chunk.length;
    const tap = this.#tap as Tap;
    tap.push(chunk);
    const bytes = this.#filter === undefined ? chunk : this.#filter.push(chunk);
    if (this.#phase === 'settled' || this.#holding) {
      this.#write(controller, bytes);
    } else if (this.#upstreamBytes === this.#contentLength && this.#filter === undefined) {
      this.#settleAnswer(bytes, true);
    } else if (tap.observation.complete) {
      this.#settleAnswer(bytes, false);
    } else {
      if (bytes !== undefined) this.#responseSize += bytes.length;
      this.#write(controller, bytes);
    }
  }

  onResponseEnd(): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#holding) {
      this.#endAfterHold = true;
    } else if (this.#phase === 'settled') {
      this.#response.end(this.#filter?.end());
    } else {
      this.#settleAnswer(this.#filter?.end(), true);
    }
  }

  /** Makes the record, then lets the bytes that complete the answer go (design, decision 1). */
  #settleAnswer(bytes: Buffer | undefined, last: boolean): void {
    this.#holding = true;
    this.#endAfterHold = last;
    if (bytes !== undefined) {
      this.#responseSize += bytes.length;
      this.#held.push(bytes);
    }
    const doneAt = performance.now();
    (this.#tap as Tap).finish(() => {
      if (this.#phase === 'settled') return; // the client left while the decoder was draining
      const written = this.#settle('complete', undefined, doneAt);
      if (written === undefined) this.#release();
      else void written.then(() => this.#release());
    });
  }

  #release(): void {
    this.#holding = false;
    const held = this.#held;
    this.#held = [];
    if (this.#response.destroyed) return;
    const last = held.pop();
    for (const bytes of held) this.#response.write(bytes);
    if (this.#endAfterHold) this.#response.end(last);
    else if (last !== undefined) this.#write(this.#controller, last);
  }

  #write(controller: Dispatcher.DispatchController | undefined, bytes: Buffer | undefined): void {
    if (bytes === undefined || bytes.length === 0) return;
    if (this.#holding) {
      this.#held.push(bytes);
      return;
    }
    if (this.#response.destroyed || this.#response.write(bytes) || controller === undefined) return;
    controller.pause();
    this.#response.once('drain', () => {
      this.#lastActivityAt = performance.now();
      controller.resume();
    });
  }

  #isBodiless(status: number): boolean {
    return status === 204 || status === 304 || this.#request.method === 'HEAD';
  }

  // ---- ends that are not complete ----

  overdue(now: number): ErrorType | undefined {
    if (this.#holding) return undefined;
    const { limits } = this.#gateway;
    if (over(limits.totalMs, now - this.#arrival.startedAt)) return 'upstream_timeout_total';
    if (this.#phase === 'reading') return over(limits.clientIdleMs, now - this.#readingSince()) ? 'request_timeout' : undefined;
    if (this.#phase === 'waiting') {
      return over(limits.firstByteMs, now - this.#lastActivityAt) ? 'upstream_timeout_first_byte' : undefined;
    }
    // A paused answer waits for its reader, not for the provider.
    if (this.#phase !== 'answering' || this.#controller?.paused === true) return undefined;
    return over(limits.idleMs, now - this.#lastActivityAt) ? 'upstream_timeout_idle' : undefined;
  }

  expire(reason: ErrorType): void {
    const name = this.#route.upstream.provider.name;
    const message = reason === 'shutting_down' ? 'The gateway is stopping.'
      : reason === 'request_timeout' ? 'The request body did not come in time.'
        : `The provider ${name} did not answer in time (${reason}).`;
    if (reason.startsWith('upstream_') && this.#attempts > this.#failedAttempts) this.#failedAttempts += 1;
    this.#fail(reason, message, ['connection', 'close']);
  }

  #readingSeen = 0;

  /** When the client's body last grew, as far as the sweeps can tell. */
  #readingSince(): number {
    const received = this.#buffered?.received ?? 0;
    if (received !== this.#readingSeen) {
      this.#readingSeen = received;
      this.#lastActivityAt = performance.now();
    }
    return this.#lastActivityAt;
  }

  #onClientGone(): void {
    if (this.#phase === 'settled') {
      // Recorded already; an answer that goes on (bytes after the last event) has no reader any more.
      if (!this.#response.writableFinished) this.#abort();
      return;
    }
    void this.#settle('client', 'client_closed', performance.now());
    this.#abort();
  }

  /** Ends with an error of the gateway: an answer where none was begun, else a broken connection that every SDK notices. */
  #fail(type: ErrorType, message: string, extraHeaders: readonly string[] = []): void {
    if (this.#phase === 'settled') return;
    const endReason = type.startsWith('upstream_') ? 'provider' : 'gateway';
    if (this.#response.headersSent || this.#providerStatus !== undefined) {
      void this.#settle(endReason, type, performance.now());
      this.#abort();
      breakOff(this.#response);
      return;
    }
    const answer = errorResponse(this.#dialect(), type, message, this.#arrival.requestId,
      [...this.#arrival.corsHeaders, ...extraHeaders]);
    this.#responseSize = this.#request.method === 'HEAD' ? 0 : answer.body.length;
    const written = this.#settle(endReason, type, performance.now());
    this.#abort();
    const send = (): void => sendAnswer(this.#request, this.#response, answer);
    if (written === undefined) send();
    else void written.then(send);
  }

  #abort(): void {
    this.#controller?.abort(new Error('the exchange is over'));
    this.#buffered?.release();
    this.#passing?.destroy();
  }

  #dialect(): Dialect {
    return this.#route.dialect;
  }

  // ---- the record ----

  #settle(endReason: EndReason, errorType: ErrorType | undefined, doneAt: number): Promise<void> | undefined {
    this.#phase = 'settled';
    this.#gateway.sweeper.delete(this);
    this.#buffered?.release();
    const { startedAt, requestId, receivedAt, target } = this.#arrival;
    if (this.#dispatchedAt > 0) this.#providerMs += doneAt - this.#dispatchedAt;
    const observation = this.#tap?.observation;
    const failedAnswer = observation?.failed === true || (this.#providerStatus ?? 0) >= 400;
    const providerErrorCount = Math.min(this.#attempts, this.#failedAttempts + (failedAnswer ? 1 : 0));
    const ownError = errorType !== undefined && !errorType.startsWith('upstream_');
    const totalMs = performance.now() - startedAt;
    const headersOf = this.#request.headers;
    const exchange: Exchange = {
      requestId,
      receivedAt,
      provider: this.#route.upstream.provider.name,
      method: this.#request.method ?? '',
      path: target.path,
      model: this.#model ?? this.#passing?.model,
      responseModel: observation?.responseModel,
      stream: this.#stream ?? (this.#tap?.isStream === true ? true : undefined),
      requestSize: this.#passing?.received ?? this.#requestSize,
      responseSize: this.#responseSize,
      statusCode: this.#statusCode(errorType),
      providerStatusCode: this.#providerStatus,
      totalMs,
      providerMs: this.#attempts === 0 ? undefined : this.#providerMs,
      timeToFirstTokenMs: this.#tap?.isStream === true && this.#firstTokenAt !== undefined ? this.#firstTokenAt - startedAt : undefined,
      overheadUs: Math.max(0, (totalMs - this.#providerMs - this.#bodyReadMs) * 1000),
      usage: observation?.usage,
      finishReason: observation?.finishReason,
      endReason,
      attempts: this.#attempts,
      errorType,
      errorCount: providerErrorCount + (ownError ? 1 : 0),
      providerErrorCount,
      providerErrorType: observation?.providerErrorType,
      client: this.#admission.client,
      projectId: single(headersOf['x-project-id']),
      organizationId: single(headersOf['x-organization-id'] ?? headersOf['x-organisation-id']),
      userId: single(headersOf['x-user-id']),
      experimentId: single(headersOf['x-experiment-id']),
    };
    const written = this.#gateway.record(exchange);
    this.#gateway.onExchange?.(exchange);
    return written ?? undefined;
  }

  #statusCode(errorType: ErrorType | undefined): number {
    if (this.#providerStatus !== undefined && this.#response.headersSent) return this.#providerStatus;
    if (errorType !== undefined) return ERROR_TYPES[errorType].status;
    return this.#providerStatus ?? 500;
  }
}

function flushHeaders(response: ServerResponse): void {
  if (!response.writableEnded && !response.destroyed) response.flushHeaders();
}

/** Closes the connection after what was written, without the end that would make the answer look complete. */
function breakOff(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null) return;
  // A body that ends with the connection (HTTP/1.0) would look complete after an orderly close.
  if (response.req.httpVersion === '1.0') socket.resetAndDestroy();
  else socket.destroySoon();
}

/** The provider's reason phrase where it is plain text, else Node's own for that status. */
function reasonPhrase(status: number, text: string | undefined): string {
  return text !== undefined && /^[\x20-\x7e]+$/.test(text) ? text : STATUS_CODES[status] ?? '';
}

function ignore(): void {
  // deliberately nothing
}

function over(limitMs: number, elapsedMs: number): boolean {
  return limitMs > 0 && elapsedMs > limitMs;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
