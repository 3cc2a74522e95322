import type { ErrorType } from '../domain/error-types.js';
import type { EndReason } from '../domain/exchange.js';
import { readBodyFacts } from '../wire/body-facts.js';
import { contentEncodings, createContentDecoder, type PausableDecoder } from '../wire/content-decoding.js';
import { createTap, type Tap } from '../wire/tap.js';
import { UsageChunkFilter } from '../wire/usage-chunk-filter.js';
import { AnswerWriter, type Pausable, type Resumed } from './answer-writer.js';
import type { Arrival } from './arrival.js';
import { ClientBody, type ClientBodyOwner } from './client-body.js';
import { ClientPace } from './client-pace.js';
import type { ClientRequest, ClientResponse } from './client.js';
import type { GatewayContext } from './context.js';
import type { Admission } from './credentials.js';
import { endReasonOf, exchangeOf } from './exchange-of.js';
import { headerValue, responseHeaders, withoutHeader, type ResponseHeaders } from './headers.js';
import type { AnswerHead } from './http1/answer-head.js';
import { Call, type CallHandler } from './http1/call.js';
import { InternalFault } from './internal-fault.js';
import { errorResponse, sendAnswer } from './refusal.js';
import { hasBody, PassingBody, type BodyFailure } from './request-body.js';
import type { Route } from './route.js';
import type { Expirable } from './sweeper.js';
import { BAD_REGION, needsSignature, upstreamCall, type UpstreamCall } from './upstream-call.js';
import { isPassing, upstreamFault, type UpstreamFault } from './upstream-error.js';
import { AddedUsage, HeldAnswer, mayRefuseMember, takesStreamOptions, usageTarget } from './usage-refusal.js';

const MAX_ATTEMPTS = 3;
const RETRY_PAUSE_MS = 100;

/**
 * One proxied request from its headers to its record: reads the body, dispatches, lets the answer
 * pass through, and appends the record before the bytes that complete the answer for its reader.
 * It is the handler of its call itself, so that a request needs few objects and no closures.
 *
 * Life: reading → waiting (dispatched) → answering → settled. `settled` means that the record is
 * made; nothing that comes later changes it.
 */
export class ProxiedRequest implements CallHandler, ClientBodyOwner, Expirable, Resumed {
  place = -1;
  readonly #gateway: GatewayContext;
  readonly #request: ClientRequest;
  readonly #response: ClientResponse;
  readonly #arrival: Arrival;
  readonly #route: Route;
  readonly #admission: Admission;
  readonly #writer: AnswerWriter;

  #clientBody: ClientBody | undefined;
  /** What goes to the provider. */
  #body: Buffer | PassingBody | undefined;
  #target: UpstreamCall | undefined;
  #call: Call | undefined;
  #model: string | undefined;
  #stream: boolean | undefined;
  /** Present as long as the body asks for usage for the gateway's sake. */
  #added: AddedUsage | undefined;
  /** An answer that may refuse that. */
  #held: HeldAnswer | undefined;
  /** The call is made a second time, without it. */
  #untouched = false;

  #attempts = 0;
  #failedAttempts = 0;
  #sent = false;
  /** We left the provider ourselves: what it reports from then on is our own doing. */
  #aborted = false;
  #firstDispatchedAt = 0;
  #dispatchedAt = 0;
  #providerMs = 0;
  #lastActivityAt: number;
  /** Body bytes of the client at the last sweep. */
  #receivedSeen = 0;
  /** Only of exchanges that live to see a sweep. */
  #pace: ClientPace | undefined;
  #phase: 'reading' | 'waiting' | 'answering' | 'settled' = 'reading';

  #tap: Tap | undefined;
  #filter: UsageChunkFilter | undefined;
  /** Undoes the coding of an answer that has to be filtered. */
  #decoder: PausableDecoder | undefined;
  /** What waits for a slow client. */
  #source: Pausable | undefined;
  #providerStatus: number | undefined;
  #contentLength: number | undefined;
  #upstreamBytes = 0;
  #responseSize = 0;
  #firstTokenAt: number | undefined;

  constructor(
    gateway: GatewayContext, request: ClientRequest, response: ClientResponse,
    arrival: Arrival, route: Route, admission: Admission,
  ) {
    this.#gateway = gateway;
    this.#request = request;
    this.#response = response;
    this.#arrival = arrival;
    this.#route = route;
    this.#admission = admission;
    this.#writer = new AnswerWriter(response, this);
    this.#lastActivityAt = arrival.startedAt;
  }

  start(): void {
    this.#gateway.sweeper.add(this);
    this.#response.on('close', () => { this.#guarded(() => { this.#onClose(); }); });
    this.#guarded(() => { this.#begin(); });
  }

  #begin(): void {
    const pathFacts = this.#route.dialect.readPath?.(this.#route.nativePath);
    this.#model = pathFacts?.model;
    this.#stream = pathFacts?.stream;
    if (!hasBody(this.#request)) return this.#dispatch();
    this.#clientBody = new ClientBody(this.#request, this.#gateway, this);
    this.#clientBody.read(needsSignature(this.#route, this.#admission));
  }

  // ---- the client's body ----

  onBody(body: Buffer): void {
    if (this.#phase === 'settled') return;
    this.#body = body;
    this.#guarded(() => {
      this.#readFacts(body);
      this.#dispatch();
    });
  }

  onPassing(body: PassingBody): void {
    if (this.#phase === 'settled') return;
    this.#body = body;
    this.#guarded(() => { this.#dispatch(); });
  }

  #readFacts(body: Buffer): void {
    if (this.#request.headers['content-encoding'] !== undefined) return;
    const facts = readBodyFacts(body);
    this.#model = facts.model ?? this.#model;
    // A JSON object that does not ask for a stream asks for none.
    this.#stream = facts.stream ?? this.#stream ?? (facts.isObject ? false : undefined);
    if (facts.usageSplice === undefined || !takesStreamOptions(this.#route, this.#arrival.target.query, facts)) return;
    if (this.#gateway.usageRefusals.has(usageTarget(this.#route, this.#model))) return;
    this.#added = new AddedUsage(body, facts.usageSplice);
    this.#body = this.#added.body;
  }

  onBodyFault(error: unknown): void {
    this.#onFault(error);
  }

  onBodyFailure(reason: BodyFailure): void {
    this.#guarded(() => { this.#endWithoutBody(reason); });
  }

  #endWithoutBody(reason: BodyFailure): void {
    if (reason === 'client_closed') return this.#onClientGone();
    if (reason === 'body_too_large') {
      this.#fail(reason, `The request body is over the limit of ${this.#gateway.maxBodyBytes} bytes (MAX_BODY_BYTES).`);
    } else {
      this.#fail(reason, 'The gateway holds as many request bodies as it may (MAX_BUFFERED_BYTES). Try again.', RETRY_SOON);
    }
  }

  // ---- towards the provider ----

  #dispatch(): void {
    this.#phase = 'waiting';
    this.#firstDispatchedAt = performance.now();
    this.#lastActivityAt = this.#firstDispatchedAt;
    this.#target = this.#makeTarget();
    if (this.#target === undefined) return this.#fail('bad_request', BAD_REGION);
    this.#send(this.#target);
  }

  #send(target: UpstreamCall): void {
    if (needsSignature(this.#route, this.#admission)) this.#sign(target);
    else this.#attempt();
  }

  #makeTarget(): UpstreamCall | undefined {
    return upstreamCall(this.#gateway, this.#request, this.#route, this.#admission,
      { spliced: this.#added !== undefined, streams: this.#body instanceof PassingBody });
  }

  #sign(target: UpstreamCall): void {
    this.#gateway.awsSigner.sign({
      method: this.#request.method ?? 'GET',
      origin: target.origin,
      path: target.path,
      region: target.region,
      contentType: this.#request.headers['content-type'],
      body: Buffer.isBuffer(this.#body) ? this.#body : undefined,
    }).then((signature) => {
      target.headers.push(...signature);
      if (this.#phase !== 'settled') this.#attempt();
    }, () => {
      this.#fail('unauthorized', 'The gateway found no AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, a role, or AWS_BEARER_TOKEN_BEDROCK on the gateway.');
    }).catch((error: unknown) => { this.#onFault(error); });
  }

  #attempt(): void {
    const { origin, path, headers } = this.#target as UpstreamCall;
    this.#attempts += 1;
    this.#dispatchedAt = performance.now();
    this.#lastActivityAt = this.#dispatchedAt;
    this.#call = new Call({ method: this.#request.method ?? 'GET', path, headers, body: this.#body }, this);
    this.#gateway.pools.get(origin).dispatch(this.#call);
  }

  onRequestSent(): void {
    this.#sent = true;
  }

  onCallFailed(error: Error): void {
    if (!this.#aborted) this.#guarded(() => { this.#onFailure(error); });
  }

  #onFailure(error: Error): void {
    if (this.#phase === 'settled' || this.#writer.holding) {
      // The record is made; an answer that was to go on after its last event has lost its source.
      if (!this.#writer.over) this.#writer.breakOff();
      return;
    }
    this.#held = undefined;
    const fault = upstreamFault(error, this.#sent);
    const endReason = endReasonOf(fault.type);
    if (endReason === 'gateway') return this.#failBeforeProvider(fault);
    this.#leaveProvider(performance.now());
    this.#failedAttempts += 1;
    if (!this.#sent && this.#attempts < MAX_ATTEMPTS && !(this.#body instanceof PassingBody) && isPassing(error)) {
      this.#lastActivityAt = performance.now();
      setTimeout(() => { this.#guarded(() => { this.#tryAgain(); }); }, RETRY_PAUSE_MS * this.#attempts);
      return;
    }
    this.#fail(fault.type, this.#unusable(fault));
  }

  #tryAgain(): void {
    if (this.#phase !== 'settled') this.#attempt();
  }

  /** The attempt ended within the gateway: no provider has seen it, so it does not count as a provider's error. */
  #failBeforeProvider(fault: UpstreamFault): void {
    this.#attempts -= 1;
    this.#dispatchedAt = 0;
    const isShortage = fault.type === 'connections_full';
    if (isShortage) this.#gateway.onShortage?.(fault.detail);
    this.#fail(fault.type, this.#unusable(fault), isShortage ? RETRY_SOON : NONE);
  }

  #unusable({ detail }: UpstreamFault): string {
    return `The provider ${this.#route.upstream.provider.name} could not be used: ${detail}.`;
  }

  // ---- the provider's answer ----

  onAnswerHead(head: AnswerHead): void {
    if (this.#phase === 'settled') return;
    try {
      if (this.#added !== undefined && mayRefuseMember(head.status)) this.#hold(head);
      else this.#beginAnswer(head);
    } catch (error) {
      this.#onFault(error);
    }
  }

  #hold(head: AnswerHead): void {
    this.#phase = 'answering';
    this.#lastActivityAt = performance.now();
    this.#held = new HeldAnswer(head);
  }

  /** The answer that was held back is the client's after all. */
  #letGo(held: HeldAnswer): void {
    this.#held = undefined;
    this.#beginAnswer(held.head);
    for (const chunk of held.chunks) this.#readAnswer(chunk);
  }

  #onHeldEnd(held: HeldAnswer): void {
    held.namesMember((named) => {
      if (this.#phase === 'settled') return; // the client left meanwhile
      this.#guarded(() => {
        if (named) return this.#tryUntouched();
        this.#letGo(held);
        this.#endAnswer();
      });
    });
  }

  /** The provider refused, before it did anything, what the gateway had added: the client's own body goes out once. */
  #tryUntouched(): void {
    this.#held = undefined;
    this.#leaveProvider(performance.now());
    this.#failedAttempts += 1;
    this.#body = this.#added?.undo();
    this.#added = undefined;
    this.#untouched = true;
    this.#sent = false;
    this.#phase = 'waiting';
    this.#target = this.#makeTarget();
    if (this.#target !== undefined) this.#send(this.#target);
  }

  #beginAnswer({ status, reason, headers }: AnswerHead): void {
    if (this.#untouched && status < 400) this.#gateway.usageRefusals.add(usageTarget(this.#route, this.#model));
    const spliced = this.#added !== undefined;
    this.#phase = 'answering';
    this.#source = this.#call;
    this.#lastActivityAt = performance.now();
    this.#providerStatus = status;
    const head = responseHeaders(headers, !spliced);
    this.#contentLength = head.contentLength;
    if (spliced && status < 300) this.#decode(head);
    this.#tap = createTap({
      dialect: this.#route.dialect,
      contentType: head.contentType,
      ...(head.contentEncoding === undefined || this.#decoder !== undefined ? {} : { contentEncoding: head.contentEncoding }),
      status,
      streamAsked: this.#stream === true,
      header: (name) => headerValue(headers, name),
      onFirstToken: () => { this.#firstTokenAt ??= performance.now(); },
    });
    // A stream may come under any content type; the filter lets anything else pass as it is.
    if (spliced && status < 300) this.#filter = new UsageChunkFilter();
    const forwarded = this.#decoder === undefined ? head.forwarded : withoutHeader(head.forwarded, 'content-encoding');
    forwarded.push('x-gateway-request-id', this.#arrival.requestId, ...this.#arrival.corsHeaders);
    const spliceLength = spliced && this.#filter === undefined && head.contentLength !== undefined;
    if (spliceLength) forwarded.push('content-length', String(head.contentLength));
    const bodiless = this.#contentLength === 0 || status === 204 || status === 304 || this.#request.method === 'HEAD';
    this.#writer.begin(status, reason, forwarded, this.#tap.isStream && !bodiless);
  }

  /** The gateway asked for an answer without a coding; one that has one all the same goes on without it. */
  #decode({ contentEncoding }: ResponseHeaders): void {
    const encodings = contentEncodings(contentEncoding);
    if (encodings === undefined || encodings.length === 0) return;
    const broken = (): void => { this.#guarded(() => { this.#failDecoding(); }); };
    const decoder = createContentDecoder(encodings, {
      onData: (chunk) => { this.#takeDecoded(chunk); }, onGivenUp: broken, onFault: broken,
    });
    const call = this.#call;
    this.#decoder = decoder;
    this.#source = {
      pause: () => { decoder.pause(); call?.pause(); },
      resume: () => { decoder.resume(); call?.resume(); },
    };
  }

  #takeDecoded(chunk: Buffer): void {
    if (this.#writer.over) return;
    try {
      this.#pass(chunk);
    } catch (error) {
      this.#onFault(error);
    }
  }

  #failDecoding(): void {
    this.#failedAttempts = this.#attempts;
    const coding = 'its answer is not in the coding that its header names, or decodes to too much';
    this.#fail('upstream_protocol', `The provider ${this.#route.upstream.provider.name} could not be used: ${coding}.`);
  }

  onAnswerData(chunk: Buffer): void {
    if (this.#writer.over) return;
    try {
      if (this.#held === undefined) this.#readAnswer(chunk);
      else if (!this.#held.push(chunk)) this.#letGo(this.#held);
      else this.#lastActivityAt = performance.now();
    } catch (error) {
      this.#onFault(error);
    }
  }

  #readAnswer(chunk: Buffer): void {
    this.#lastActivityAt = performance.now();
    this.#upstreamBytes += chunk.length;
    if (this.#decoder === undefined) this.#pass(chunk);
    else this.#decoder.write(chunk);
  }

  #pass(chunk: Buffer): void {
    const tap = this.#tap as Tap;
    tap.push(chunk);
    const bytes = this.#filter === undefined ? chunk : this.#filter.push(chunk);
    if (this.#phase === 'settled' || this.#writer.holding) {
      this.#writer.write(bytes, this.#source);
    } else if (this.#upstreamBytes === this.#contentLength && this.#filter === undefined) {
      this.#settleAnswer(bytes, true);
    } else if (tap.observation.complete) {
      this.#settleAnswer(bytes, false);
    } else {
      if (bytes !== undefined) this.#responseSize += bytes.length;
      this.#writer.write(bytes, this.#source);
    }
  }

  onAnswerEnd(): void {
    if (this.#writer.over) return;
    try {
      if (this.#held === undefined) this.#endAnswer();
      else this.#onHeldEnd(this.#held);
    } catch (error) {
      this.#onFault(error);
    }
  }

  #endAnswer(): void {
    if (this.#decoder === undefined) this.#finish();
    else this.#decoder.end(() => { this.#finishDecoded(); });
  }

  #finishDecoded(): void {
    if (!this.#aborted && !this.#writer.over) this.#guarded(() => { this.#finish(); });
  }

  #finish(): void {
    if (this.#phase === 'settled' || this.#writer.holding) this.#writer.end(this.#filter?.end());
    else this.#settleAnswer(this.#filter?.end(), true);
  }

  /** Makes the record, then lets the bytes that complete the answer go (design, decision 1). */
  #settleAnswer(bytes: Buffer | undefined, last: boolean): void {
    this.#writer.hold(bytes, last);
    if (bytes !== undefined) this.#responseSize += bytes.length;
    this.#leaveProvider(performance.now());
    (this.#tap as Tap).finish(() => {
      if (this.#phase === 'settled') return; // the client left while the decoder was draining
      this.#guarded(() => { this.#afterRecord(this.#settle('complete', undefined), () => { this.#writer.release(); }); });
    });
  }

  onResumed(): void {
    this.#lastActivityAt = performance.now();
  }

  // ---- ends that are not complete ----

  overdue(now: number): ErrorType | undefined {
    if (this.#writer.holding) return undefined;
    const { limits } = this.#gateway;
    const received = this.#clientBody?.received ?? 0;
    if (received !== this.#receivedSeen) {
      this.#receivedSeen = received;
      this.#lastActivityAt = now;
    }
    this.#pace ??= new ClientPace(this.#arrival.startedAt);
    if (this.#pace.readsTooSlowly(now, this.#writer.unsent, limits.clientSendMs)) return 'client_closed';
    const clientIsDue = this.#phase === 'reading' || this.#clientBody?.isDue === true;
    const trickles = this.#pace.sendsTooSlowly(now, received, clientIsDue, limits.clientIdleMs);
    if (trickles && this.#phase !== 'settled') return 'request_timeout';
    const silentMs = now - this.#lastActivityAt;
    if (this.#phase === 'reading') return over(limits.clientIdleMs, silentMs) ? 'request_timeout' : undefined;
    if (this.#phase !== 'settled' && over(limits.totalMs, now - this.#firstDispatchedAt)) return 'upstream_timeout_total';
    if (this.#phase === 'waiting') {
      if (clientIsDue && over(limits.clientIdleMs, silentMs)) return 'request_timeout';
      return over(limits.firstByteMs, silentMs) ? 'upstream_timeout_first_byte' : undefined;
    }
    // An answer that is paused, or has all been handed over, waits for its reader and not for the provider.
    if (this.#writer.paused || this.#writer.over) return undefined;
    return over(limits.idleMs, silentMs) ? 'upstream_timeout_idle' : undefined;
  }

  expire(reason: ErrorType): void {
    this.#guarded(() => { this.#expire(reason); });
  }

  #expire(reason: ErrorType): void {
    if (reason === 'client_closed') {
      if (this.#phase === 'settled') this.#abort();
      else this.#onClientGone();
      this.#writer.cut();
      return;
    }
    if (this.#phase === 'settled') {
      this.#abort();
      if (!this.#writer.over) this.#writer.breakOff();
      return;
    }
    const name = this.#route.upstream.provider.name;
    const message = reason === 'shutting_down' ? 'The gateway is stopping.'
      : reason === 'request_timeout' ? 'The request body did not come in time.'
        : `The provider ${name} did not answer in time (${reason}).`;
    if (reason.startsWith('upstream_') && this.#attempts > this.#failedAttempts) this.#failedAttempts += 1;
    this.#fail(reason, message, ['connection', 'close']);
  }

  #onClose(): void {
    this.#gateway.sweeper.delete(this);
    if (this.#phase !== 'settled') this.#onClientGone();
    // Recorded already; an answer that goes on (bytes after the last event) has no reader any more.
    else if (!this.#response.writableFinished) this.#abort();
  }

  #onClientGone(): void {
    if (this.#phase === 'settled') return;
    // A body that is not HTTP ends the connection too, although the client did not leave.
    const fault = faultOf(this.#request);
    void (fault === undefined ? this.#settle('client', 'client_closed') : this.#settle('gateway', fault));
    this.#abort();
  }

  /** Ends with an error of the gateway: an answer where none was begun, else a broken connection that every SDK notices. */
  #fail(type: ErrorType, message: string, extraHeaders: readonly string[] = []): void {
    if (this.#phase === 'settled') return;
    const endReason = endReasonOf(type);
    this.#writer.discard();
    if (this.#writer.begun) {
      void this.#settle(endReason, type);
      this.#abort();
      this.#writer.breakOff();
      return;
    }
    // What is left of the body nobody wants: it is not worth a connection.
    const closing = this.#request.complete || extraHeaders.includes('close') || TEMPORARY.includes(type) ? NONE : CLOSE;
    const answer = errorResponse(this.#route.dialect, type, message, this.#arrival.requestId,
      [...this.#arrival.corsHeaders, ...extraHeaders, ...closing]);
    this.#responseSize = this.#request.method === 'HEAD' ? 0 : answer.body.length;
    const written = this.#settle(endReason, type);
    this.#abort();
    this.#afterRecord(written, () => { sendAnswer(this.#request, this.#response, answer); });
  }

  // ---- faults of our own ----

  /** For events that are not frequent: what comes with each chunk has its own `try`, and makes no closure. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** A fault of our own must not end the process, and with it everybody's requests. */
  #onFault(error: unknown): void {
    this.#gateway.onFault?.(error);
    try {
      if (this.#phase !== 'settled') return this.#fail('internal_error', 'The gateway met a fault of its own; its log says more.');
    } catch (another) {
      this.#gateway.onFault?.(another);
    }
    // The record is made, or cannot be; what is left of the answer cannot be trusted.
    this.#abort();
    this.#writer.cut();
  }

  #abort(): void {
    this.#aborted = true;
    this.#call?.abort();
    this.#clientBody?.drop(this.#call?.flushed);
  }

  #afterRecord(written: Promise<void> | undefined, then: () => void): void {
    if (written === undefined) then();
    else written.then(then).catch((error: unknown) => { this.#onFault(error); });
  }

  /** The clock of the provider's share stops. */
  #leaveProvider(at: number): void {
    if (this.#dispatchedAt > 0) this.#providerMs += at - this.#dispatchedAt;
    this.#dispatchedAt = 0;
  }

  #settle(endReason: EndReason, errorType: ErrorType | undefined): Promise<void> | undefined {
    const endedAt = performance.now();
    this.#phase = 'settled';
    this.#leaveProvider(endedAt);
    const requestSize = this.#clientBody?.received ?? 0;
    this.#clientBody?.drop(this.#call?.flushed);
    this.#gateway.bodyGarbage.add(this.#body instanceof PassingBody ? 0 : requestSize);
    this.#gateway.bodyGarbage.add(this.#upstreamBytes);
    const observation = this.#tap?.observation;
    if (observation?.background !== undefined) this.#gateway.backgroundResponses.settle(this.#route.upstream.provider.name, observation);
    const exchange = exchangeOf(this.#arrival, this.#request, {
      provider: this.#route.upstream.provider.name,
      client: this.#admission.client,
      model: this.#clientBody?.formModel ?? this.#model,
      stream: this.#stream,
      requestSize,
      responseSize: this.#responseSize,
      endReason,
      errorType,
      attempts: this.#attempts,
      failedAttempts: this.#failedAttempts,
      providerMs: this.#providerMs,
      bodyReadMs: this.#clientBody?.readMs(endedAt) ?? 0,
      endedAt,
      providerStatus: this.#providerStatus,
      headSent: this.#writer.begun,
      isStream: this.#tap?.isStream,
      firstTokenAt: this.#firstTokenAt,
      observation,
      region: this.#target?.region,
    });
    const written = this.#gateway.record(exchange);
    this.#gateway.onExchange?.(exchange);
    return written ?? undefined;
  }
}

const NONE: readonly string[] = [];
const RETRY_SOON: readonly string[] = ['retry-after', '1'];
/** Refusals after which the same connection may try again. */
const TEMPORARY: readonly ErrorType[] = ['buffers_full', 'connections_full'];
const CLOSE: readonly string[] = ['connection', 'close'];

/** Why the connection ended, where its client did not end it: the body was not HTTP, or the gateway met a fault of its own. */
function faultOf({ socket }: ClientRequest): ErrorType | undefined {
  if (socket.errored instanceof InternalFault) return 'internal_error';
  const { code } = (socket.errored ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE' ? 'bad_request' : undefined;
}

function over(limitMs: number, elapsedMs: number): boolean {
  return limitMs > 0 && elapsedMs > limitMs;
}
