import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Observation } from '../domain/dialect.js';
import type { ErrorType } from '../domain/error-types.js';
import type { EndReason } from '../domain/exchange.js';
import { AnswerWriter } from './answer-writer.js';
import type { Arrival } from './arrival.js';
import type { GatewayContext } from './context.js';
import type { Admission } from './credentials.js';
import { endReasonOf, exchangeOf } from './exchange-of.js';
import { acceptsWebSocket, shakeHands } from './handshake.js';
import { HandshakeRefusal } from './handshake-refusal.js';
import { responseHeaders } from './headers.js';
import { errorResponse, sendAnswer } from './refusal.js';
import type { Route } from './route.js';
import { SessionReader } from './session-reader.js';
import { relay, Stall } from './socket-relay.js';
import type { Expirable } from './sweeper.js';
import { parameter } from './target.js';
import type { Upgrade } from './upgrade.js';
import { BAD_REGION, upstreamCall, type UpstreamCall } from './upstream-call.js';
import { upstreamFault } from './upstream-error.js';
import { WaitingClient } from './waiting-client.js';

const KEEP_ALIVE_MS = 30_000;
/** How long one side may take to close after the other has, and to read what it is still sent. */
const CLOSE_MS = 5_000;

/**
 * One WebSocket connection from its handshake to its end: bytes pass both ways as they are, with
 * backpressure, and one record is made when it is over, before the client sees the end.
 *
 * Life: connecting → waiting (connected, not accepted yet) → open or refused → settled.
 */
export class UpgradedSession implements Expirable {
  place = -1;
  readonly #gateway: GatewayContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #client: Socket;
  readonly #arrival: Arrival;
  readonly #route: Route;
  readonly #admission: Admission;
  readonly #reader: SessionReader;
  readonly #writer: AnswerWriter;
  readonly #early: WaitingClient;

  #phase: 'connecting' | 'waiting' | 'refused' | 'open' | 'settled' = 'connecting';
  #handshake: ClientRequest | undefined;
  #upstream: Socket | undefined;
  #dispatchedAt = 0;
  #connectedAt = 0;
  #lastActivityAt = 0;
  #region = '';
  #attempts = 0;
  #failedAttempts = 0;
  #providerStatus: number | undefined;
  #refusal: HandshakeRefusal | undefined;
  #fromClient = 0;
  #toClient = 0;
  #clientEnded = false;
  #stall: Stall | undefined;
  /** Runs from the client's end to the provider's. */
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(
    gateway: GatewayContext, upgrade: Upgrade, arrival: Arrival, route: Route, admission: Admission,
  ) {
    this.#gateway = gateway;
    this.#request = upgrade.request;
    this.#response = upgrade.response;
    this.#client = upgrade.socket;
    this.#arrival = arrival;
    this.#route = route;
    this.#admission = admission;
    const { query } = arrival.target;
    this.#reader = new SessionReader(route.dialect,
      parameter(query, 'model') ?? parameter(query, 'deployment') ?? route.dialect.readPath?.(route.nativePath).model);
    this.#writer = new AnswerWriter(upgrade.response, { onResumed: () => undefined });
    this.#early = new WaitingClient(upgrade.socket, upgrade.head, this.#guard(() => { this.#onClientGone(); }));
  }

  start(): void {
    this.#gateway.sweeper.add(this);
    this.#client.on('close', this.#guard(() => { this.#onClientGone(); }));
    this.#guard(() => { this.#begin(); })();
  }

  #begin(): void {
    this.#dispatchedAt = performance.now();
    const call = upstreamCall(this.#gateway, this.#request, this.#route, this.#admission, { spliced: false, streams: false });
    if (call === undefined) {
      this.#fail('bad_request', BAD_REGION);
      return;
    }
    this.#attempts = 1;
    this.#region = call.region;
    this.#shakeHands(call);
  }

  #shakeHands(call: UpstreamCall): void {
    const handshake = shakeHands(call, () => {
      if (this.#phase !== 'connecting') return;
      this.#phase = 'waiting';
      this.#connectedAt = performance.now();
    });
    this.#handshake = handshake;
    handshake.on('upgrade', this.#guard((answer: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#onUpgrade(answer, socket, head);
    }));
    handshake.on('response', this.#guard((answer: IncomingMessage) => { this.#onRefusal(answer); }));
    handshake.on('information', this.#guard(({ statusCode }: { statusCode: number }) => {
      if (statusCode === 101) this.#failHandshake('upstream_protocol', 'it switched protocols without saying to which');
    }));
    handshake.on('error', this.#guard((error: Error) => {
      const { type, detail } = upstreamFault(error, this.#phase !== 'connecting');
      this.#failHandshake(type, detail);
    }));
  }

  // ---- the open connection ----

  #onUpgrade(answer: IncomingMessage, upstream: Socket, head: Buffer): void {
    upstream.on('error', () => undefined); // 'close' follows and says it all
    if (this.#phase === 'settled' || !acceptsWebSocket(answer)) {
      upstream.destroy();
      this.#failHandshake('upstream_protocol', 'it switched to another protocol than websocket');
      return;
    }
    this.#phase = 'open';
    this.#providerStatus = answer.statusCode ?? 101;
    this.#upstream = upstream;
    this.#stall = new Stall(this.#client, upstream);
    this.#response.detachSocket(this.#client);
    for (const socket of [this.#client, upstream]) {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS); // nobody's silence ends a session, but a dead peer does
    }
    this.#client.write(this.#acceptance(answer), 'latin1');
    upstream.on('close', this.#guard(() => { this.#onUpstreamClose(upstream); }));

    const early = this.#early.take();
    relay(this.#client, upstream, early, this.#guard((bytes: Buffer) => {
      this.#lastActivityAt = performance.now();
      this.#fromClient += bytes.length;
      this.#reader.fromClient(bytes);
    }), this.#guard(() => { this.#onClientEnd(upstream); }));
    relay(upstream, this.#client, head, this.#guard((bytes: Buffer) => {
      this.#lastActivityAt = performance.now();
      this.#toClient += bytes.length;
      this.#reader.fromProvider(bytes);
    }), this.#guard(() => { this.#end('complete', undefined); }));
  }

  #acceptance(answer: IncomingMessage): string {
    const headers = [
      ...responseHeaders(answer.rawHeaders, false).forwarded, 'connection', 'Upgrade', 'upgrade', 'websocket', ...this.#ownHeaders(),
    ];
    let text = 'HTTP/1.1 101 Switching Protocols\r\n';
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i] as string}: ${headers[i + 1] as string}\r\n`;
    return `${text}\r\n`;
  }

  /** After its end the client is not read any more, so its leaving goes unnoticed: the provider has to close in time. */
  #onClientEnd(upstream: Socket): void {
    if (this.#phase === 'settled') return;
    this.#clientEnded = true;
    this.#lastActivityAt = performance.now();
    upstream.end();
    this.#closeTimer = setTimeout(this.#guard(() => { this.#end('complete', undefined, this.#lastActivityAt); }), CLOSE_MS);
  }

  /** One side is through: the record first, then the end for the client. */
  #end(endReason: EndReason, errorType: ErrorType | undefined, endedAt = performance.now()): void {
    if (this.#phase === 'settled') return;
    this.#afterRecord(this.#settle(endReason, errorType, endedAt), () => {
      for (const socket of [this.#client, this.#upstream]) {
        if (endReason !== 'complete') socket?.destroy();
        // Who does not answer the end with its own is not waited for, and who does not read not for ever.
        socket?.setTimeout(CLOSE_MS, () => { socket.destroy(); });
        socket?.destroySoon();
      }
    });
  }

  #onUpstreamClose(upstream: Socket): void {
    if (this.#phase === 'settled') return;
    // After the client's own end, whatever way the provider closes is the end that was asked for.
    const orderly = upstream.readableEnded || this.#clientEnded;
    if (!orderly) this.#failedAttempts = 1;
    this.#end(orderly ? 'complete' : 'provider', orderly ? undefined : 'upstream_reset');
  }

  #onClientGone(): void {
    if (this.#phase === 'settled') return;
    void this.#settle('client', 'client_closed');
    this.#destroy();
  }

  // ---- handshakes that fail ----

  /** The provider answers with a status instead of an upgrade: its answer goes to the client. */
  #onRefusal(answer: IncomingMessage): void {
    const status = answer.statusCode ?? 0;
    if (this.#phase === 'settled' || status < 200 || status > 999) {
      answer.destroy();
      this.#failHandshake('upstream_protocol', 'its answer has a status that does not exist');
      return;
    }
    this.#phase = 'refused';
    this.#providerStatus = status;
    // Node let go of the socket when the upgrade came, and does not tell the response any more.
    this.#client.on('drain', () => { this.#response.emit('drain'); });
    this.#refusal = new HandshakeRefusal({
      answer, dialect: this.#route.dialect, writer: this.#writer, headers: ['connection', 'close', ...this.#ownHeaders()],
      onWhole: (observation) => {
        if (this.#phase === 'settled') return;
        this.#afterRecord(this.#settle('complete', undefined, performance.now(), observation), () => { this.#release(); });
      },
      onBroken: (type, detail) => { this.#failHandshake(type, detail); },
      guard: (callback) => this.#guard(callback),
    });
  }

  #release(): void {
    this.#client.setTimeout(KEEP_ALIVE_MS, () => { this.#client.destroy(); }); // a client that does not read
    this.#writer.release();
  }

  #failHandshake(type: ErrorType, detail: string): void {
    if (this.#phase === 'settled') return;
    this.#failedAttempts = 1;
    this.#fail(type, `The provider ${this.#route.upstream.provider.name} could not be used: ${detail}.`);
  }

  #fail(type: ErrorType, message: string): void {
    if (this.#phase === 'settled') return;
    const endReason = endReasonOf(type);
    if (this.#writer.begun) {
      this.#afterRecord(this.#settle(endReason, type), () => { this.#destroy(); });
      return;
    }
    this.#writer.discard();
    this.#refusal = undefined;
    const answer = errorResponse(this.#route.dialect, type, message, this.#arrival.requestId, [...this.#arrival.corsHeaders, 'connection', 'close']);
    this.#toClient = answer.body.length;
    const written = this.#settle(endReason, type);
    this.#handshake?.destroy();
    this.#afterRecord(written, () => {
      this.#client.setTimeout(KEEP_ALIVE_MS, () => { this.#client.destroy(); });
      sendAnswer(this.#request, this.#response, answer);
    });
  }

  // ---- faults of our own ----

  /** A fault in a callback must not end the process, and with it everybody's requests. */
  #guard<A extends unknown[]>(callback: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      try {
        callback(...args);
      } catch (error) {
        this.#onFault(error);
      }
    };
  }

  #onFault(error: unknown): void {
    this.#gateway.onFault?.(error);
    try {
      if (this.#phase === 'open') this.#end('gateway', 'internal_error');
      else if (this.#phase === 'settled') this.#destroy();
      else this.#fail('internal_error', 'The gateway met a fault of its own; its log says more.');
    } catch {
      this.#destroy(); // the record is made, but nothing can be said to the client
    }
  }

  #destroy(): void {
    this.#handshake?.destroy();
    this.#upstream?.destroy();
    this.#client.destroy();
  }

  // ---- time-outs, and the stop of the gateway ----

  overdue(now: number): ErrorType | undefined {
    const { limits } = this.#gateway;
    if (over(limits.totalMs, now - this.#arrival.startedAt)) return 'upstream_timeout_total';
    switch (this.#phase) {
      case 'connecting': return over(limits.connectMs, now - this.#dispatchedAt) ? 'upstream_connect' : undefined;
      case 'waiting': return over(limits.firstByteMs, now - this.#connectedAt) ? 'upstream_timeout_first_byte' : undefined;
      case 'refused': {
        const silentMs = now - (this.#refusal?.lastActivityAt ?? now);
        return !this.#writer.paused && over(limits.idleMs, silentMs) ? 'upstream_timeout_idle' : undefined;
      }
      case 'open': return this.#stall?.over(limits.idleMs, now);
      case 'settled': return undefined;
    }
  }

  expire(reason: ErrorType): void {
    this.#guard(() => { this.#expire(reason); })();
  }

  #expire(reason: ErrorType): void {
    if (reason.startsWith('upstream_')) this.#failedAttempts = this.#attempts;
    if (reason === 'client_closed') {
      this.#onClientGone();
    } else if (this.#phase === 'open') {
      this.#end(reason.startsWith('upstream_') ? 'provider' : 'gateway', reason);
    } else {
      const name = this.#route.upstream.provider.name;
      this.#fail(reason, reason === 'shutting_down' ? 'The gateway is stopping.' : `The provider ${name} did not answer in time (${reason}).`);
    }
  }

  // ---- the record ----

  #ownHeaders(): readonly string[] {
    return ['x-gateway-request-id', this.#arrival.requestId, ...this.#arrival.corsHeaders];
  }

  #afterRecord(written: Promise<void> | undefined, then: () => void): void {
    if (written === undefined) then();
    else void written.then(this.#guard(then));
  }

  #settle(
    endReason: EndReason, errorType: ErrorType | undefined, endedAt = performance.now(), refusal?: Observation,
  ): Promise<void> | undefined {
    const opened = this.#phase === 'open';
    this.#phase = 'settled';
    clearTimeout(this.#closeTimer);
    this.#gateway.sweeper.delete(this);
    if (!opened) this.#dropEarlyBytes();
    const exchange = exchangeOf(this.#arrival, this.#request, {
      provider: this.#route.upstream.provider.name,
      client: this.#admission.client,
      model: this.#reader.model,
      stream: true,
      requestSize: this.#fromClient,
      responseSize: this.#refusal?.size ?? this.#toClient,
      endReason,
      errorType,
      attempts: this.#attempts,
      failedAttempts: this.#failedAttempts,
      providerMs: this.#attempts === 0 ? 0 : endedAt - this.#dispatchedAt,
      bodyReadMs: 0,
      endedAt,
      providerStatus: this.#providerStatus,
      headSent: opened || this.#writer.begun,
      observation: refusal ?? this.#reader.observation,
      region: this.#region,
    });
    const written = this.#gateway.record(exchange);
    this.#gateway.onExchange?.(exchange);
    return written ?? undefined;
  }

  /** A client that is refused is read on, so that its leaving is noticed; nobody wants what it sends. */
  #dropEarlyBytes(): void {
    this.#early.take();
    this.#client.resume();
  }
}

function over(limitMs: number, elapsedMs: number): boolean {
  return limitMs > 0 && elapsedMs > limitMs;
}
