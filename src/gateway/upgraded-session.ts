import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Observation } from '../domain/dialect.js';
import type { ErrorType } from '../domain/error-types.js';
import type { EndReason } from '../domain/exchange.js';
import type { Arrival } from './arrival.js';
import type { GatewayContext } from './context.js';
import type { Admission } from './credentials.js';
import { exchangeOf } from './exchange-of.js';
import { readRefusal, shakeHands, type HandshakeRefusal } from './handshake.js';
import { responseHeaders } from './headers.js';
import { errorResponse, sendAnswer } from './refusal.js';
import type { Route } from './route.js';
import { SessionReader } from './session-reader.js';
import type { Expirable } from './sweeper.js';
import { parameter } from './target.js';
import type { Upgrade } from './upgrade.js';
import { upstreamCall, type UpstreamCall } from './upstream-call.js';
import { upstreamFault } from './upstream-error.js';

const KEEP_ALIVE_MS = 30_000;

/**
 * One WebSocket connection from its handshake to its end: bytes pass both ways as they are, with
 * backpressure, and one record is made when it is over, before the client sees the end.
 *
 * Life: connecting → waiting (connected, not accepted yet) → open → settled.
 */
export class UpgradedSession implements Expirable {
  place = -1;
  readonly #gateway: GatewayContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #client: Socket;
  readonly #head: Buffer;
  readonly #arrival: Arrival;
  readonly #route: Route;
  readonly #admission: Admission;
  readonly #reader: SessionReader;

  #phase: 'connecting' | 'waiting' | 'open' | 'settled' = 'connecting';
  #handshake: ClientRequest | undefined;
  #upstream: Socket | undefined;
  #dispatchedAt = 0;
  #connectedAt = 0;
  #attempts = 0;
  #failedAttempts = 0;
  #providerStatus: number | undefined;
  #refusal: Observation | undefined;
  #fromClient = 0;
  #toClient = 0;
  #clientEnded = false;

  constructor(
    gateway: GatewayContext, upgrade: Upgrade, arrival: Arrival, route: Route, admission: Admission,
  ) {
    this.#gateway = gateway;
    this.#request = upgrade.request;
    this.#response = upgrade.response;
    this.#client = upgrade.socket;
    this.#head = upgrade.head;
    this.#arrival = arrival;
    this.#route = route;
    this.#admission = admission;
    this.#reader = new SessionReader(route.dialect);
  }

  start(): void {
    this.#gateway.sweeper.add(this);
    this.#client.on('close', () => { this.#onClientClose(); });
    this.#dispatchedAt = performance.now();
    const call = upstreamCall(this.#gateway, this.#request, this.#arrival, this.#route, this.#admission, { spliced: false, streams: false });
    if (call === undefined) {
      this.#fail('bad_request', 'The region in the request is not a region name.');
      return;
    }
    this.#attempts = 1;
    this.#shakeHands(call);
  }

  #shakeHands(call: UpstreamCall): void {
    const handshake = shakeHands(call, () => {
      if (this.#phase !== 'connecting') return;
      this.#phase = 'waiting';
      this.#connectedAt = performance.now();
    });
    this.#handshake = handshake;
    handshake.on('upgrade', (answer, socket, head) => { this.#open(answer, socket, head); });
    handshake.on('response', (answer) => {
      readRefusal(answer, this.#route.dialect, (refusal) => { this.#refusedByProvider(refusal); });
    });
    handshake.on('error', (error) => {
      if (this.#phase === 'settled') return;
      this.#failedAttempts = 1;
      const fault = upstreamFault(error, this.#phase !== 'connecting');
      this.#fail(fault.type, `The provider ${this.#route.upstream.provider.name} could not be used: ${fault.detail}.`);
    });
  }

  // ---- the open connection ----

  #open(answer: IncomingMessage, upstream: Socket, head: Buffer): void {
    upstream.on('error', () => undefined); // 'close' follows and says it all
    if (this.#phase === 'settled') {
      upstream.destroy();
      return;
    }
    this.#phase = 'open';
    this.#providerStatus = answer.statusCode ?? 101;
    this.#upstream = upstream;
    this.#response.detachSocket(this.#client);
    for (const socket of [this.#client, upstream]) {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS); // nobody's silence ends a session, but a dead peer does
    }
    this.#client.write(this.#acceptance(answer), 'latin1');
    upstream.on('close', () => { this.#onUpstreamClose(upstream); });

    relay(this.#client, upstream, (bytes) => { this.#fromClient += bytes.length; }, () => {
      this.#clientEnded = true;
      upstream.end();
    });
    relay(upstream, this.#client, (bytes) => {
      this.#toClient += bytes.length;
      this.#reader.push(bytes);
    }, () => { this.#end('complete', undefined); });
    if (this.#head.length > 0) this.#client.unshift(this.#head);
    if (head.length > 0) upstream.unshift(head);
    this.#client.resume();
    upstream.resume();
  }

  #acceptance(answer: IncomingMessage): string {
    const headers = [
      ...responseHeaders(answer.rawHeaders, false).forwarded, 'connection', 'Upgrade', 'upgrade', 'websocket',
      'x-gateway-request-id', this.#arrival.requestId, ...this.#arrival.corsHeaders,
    ];
    let text = 'HTTP/1.1 101 Switching Protocols\r\n';
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i] as string}: ${headers[i + 1] as string}\r\n`;
    return `${text}\r\n`;
  }

  /** The provider is through: the record first, then the end for the client. */
  #end(endReason: EndReason, errorType: ErrorType | undefined): void {
    if (this.#phase === 'settled') return;
    const written = this.#settle(endReason, errorType);
    const end = (): void => {
      if (endReason === 'complete') this.#client.end();
      else this.#client.destroy();
      // Who does not answer the end with his own is not waited for, and who does not read it not for ever.
      this.#client.setTimeout(KEEP_ALIVE_MS, () => { this.#client.destroy(); });
      this.#client.destroySoon();
      this.#upstream?.destroySoon();
    };
    if (written === undefined) end();
    else void written.then(end);
  }

  #onUpstreamClose(upstream: Socket): void {
    if (this.#phase === 'settled') return;
    // After the client's own end, whatever way the provider closes is the end that was asked for.
    const orderly = upstream.readableEnded || this.#clientEnded;
    if (!orderly) this.#failedAttempts = 1;
    this.#end(orderly ? 'complete' : 'provider', orderly ? undefined : 'upstream_reset');
  }

  #onClientClose(): void {
    if (this.#phase === 'settled') return;
    void this.#settle('client', 'client_closed');
    this.#handshake?.destroy();
    this.#upstream?.destroy();
  }

  // ---- handshakes that fail ----

  /** The provider answers with no upgrade but a status: its answer goes to the client, after the record. */
  #refusedByProvider({ status, headers, body, observation }: HandshakeRefusal): void {
    if (this.#phase === 'settled') return;
    this.#providerStatus = status;
    this.#refusal = observation;
    this.#toClient = body.length;
    const written = this.#settle('complete', undefined);
    const send = (): void => {
      if (this.#response.destroyed) return;
      this.#response.writeHead(status, [...headers, 'content-length', String(body.length), 'connection', 'close',
        'x-gateway-request-id', this.#arrival.requestId, ...this.#arrival.corsHeaders]);
      this.#response.end(body);
    };
    if (written === undefined) send();
    else void written.then(send);
  }

  #fail(type: ErrorType, message: string): void {
    const answer = errorResponse(this.#route.dialect, type, message, this.#arrival.requestId, [...this.#arrival.corsHeaders, 'connection', 'close']);
    this.#toClient = answer.body.length;
    const written = this.#settle('gateway', type);
    this.#handshake?.destroy();
    const send = (): void => { sendAnswer(this.#request, this.#response, answer); };
    if (written === undefined) send();
    else void written.then(send);
  }

  // ---- time-outs, and the stop of the gateway ----

  overdue(now: number): ErrorType | undefined {
    const { limits } = this.#gateway;
    if (over(limits.totalMs, now - this.#arrival.startedAt)) return 'upstream_timeout_total';
    if (this.#phase === 'connecting') return over(limits.connectMs, now - this.#dispatchedAt) ? 'upstream_connect' : undefined;
    if (this.#phase === 'waiting') return over(limits.firstByteMs, now - this.#connectedAt) ? 'upstream_timeout_first_byte' : undefined;
    return undefined;
  }

  expire(reason: ErrorType): void {
    if (reason.startsWith('upstream_')) this.#failedAttempts = this.#attempts;
    if (this.#phase === 'open') {
      this.#end('gateway', reason);
      return;
    }
    if (this.#phase !== 'settled') {
      this.#fail(reason, reason === 'shutting_down' ? 'The gateway is stopping.' : `The provider ${this.#route.upstream.provider.name} did not answer in time (${reason}).`);
    }
  }

  // ---- the record ----

  #settle(endReason: EndReason, errorType: ErrorType | undefined): Promise<void> | undefined {
    const opened = this.#phase === 'open';
    this.#phase = 'settled';
    this.#gateway.sweeper.delete(this);
    const { target } = this.#arrival;
    const endedAt = performance.now();
    const exchange = exchangeOf(this.#arrival, this.#request, {
      provider: this.#route.upstream.provider.name,
      client: this.#admission.client,
      model: parameter(target.query, 'model') ?? parameter(target.query, 'deployment') ?? this.#route.dialect.readPath?.(this.#route.nativePath).model,
      stream: true,
      requestSize: this.#fromClient,
      responseSize: this.#toClient,
      endReason,
      errorType,
      attempts: this.#attempts,
      failedAttempts: this.#failedAttempts,
      providerMs: this.#attempts === 0 ? 0 : endedAt - this.#dispatchedAt,
      bodyReadMs: 0,
      endedAt,
      providerStatus: this.#providerStatus,
      headSent: opened || this.#refusal !== undefined,
      observation: this.#refusal ?? this.#reader.observation,
    });
    const written = this.#gateway.record(exchange);
    this.#gateway.onExchange?.(exchange);
    return written ?? undefined;
  }
}

/** Carries bytes from one socket to the other, no faster than they are taken. */
function relay(from: Socket, to: Socket, seen: (bytes: Buffer) => void, ended: () => void): void {
  from.on('data', (bytes: Buffer) => {
    seen(bytes);
    if (!to.destroyed && !to.write(bytes)) {
      from.pause();
      to.once('drain', () => { from.resume(); });
    }
  });
  from.on('end', ended);
}

function over(limitMs: number, elapsedMs: number): boolean {
  return limitMs > 0 && elapsedMs > limitMs;
}
