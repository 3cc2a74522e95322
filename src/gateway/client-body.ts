import type { ClientRequest } from './client.js';
import type { GatewayContext } from './context.js';
import { BufferedBody, isJsonType, PassingBody, type BodyFailure, type BodyReader } from './request-body.js';
import { decideByFirstBytes, mayHideJson } from './undecided-body.js';

export interface ClientBodyOwner extends BodyReader {
  /** The body streams through, from now on. */
  onPassing(body: PassingBody): void;
}

/** The body of a client's request: held whole where the gateway must read it, else passed through. */
export class ClientBody implements BodyReader {
  readonly #request: ClientRequest;
  readonly #gateway: GatewayContext;
  readonly #owner: ClientBodyOwner;
  readonly #startedAt = performance.now();
  #readMs: number | undefined;
  #buffered: BufferedBody | undefined;
  #passing: PassingBody | undefined;

  constructor(request: ClientRequest, gateway: GatewayContext, owner: ClientBodyOwner) {
    this.#request = request;
    this.#gateway = gateway;
    this.#owner = owner;
  }

  /** @param whole it is needed whole, whatever its type (for a signature) */
  read(whole: boolean): void {
    const contentType = this.#request.headers['content-type'];
    if (whole || this.#request.pipe === undefined || isJsonType(contentType)) return this.#buffer();
    if (!mayHideJson(this.#request, this.#gateway.maxBodyBytes)) return this.#pass(contentType);
    decideByFirstBytes(this.#request, (isObject, first) => {
      try {
        if (isObject) this.#buffer(first);
        else this.#pass(contentType, first);
      } catch (error) {
        this.onBodyFault(error);
      }
    }, () => { this.#owner.onBodyFailure('client_closed'); });
  }

  /** Bytes that have come. */
  get received(): number {
    return this.#buffered?.received ?? this.#passing?.received ?? 0;
  }

  /** The field `model` of a form, as far as it has come. */
  get formModel(): string | undefined {
    return this.#passing?.model;
  }

  /** It streams, and the gateway waits for the client rather than the client for the provider. */
  get isDue(): boolean {
    return this.#passing !== undefined && !this.#request.complete && !this.#passing.writableNeedDrain;
  }

  /** Milliseconds in which the gateway did nothing but wait for it. */
  readMs(now: number): number {
    return this.#readMs ?? now - this.#startedAt;
  }

  /**
   * Gives the memory back; what the client still sends is thrown away, so that the connection can go on.
   * @param unread nobody reads its bytes any more, the system that sends them included
   */
  drop(unread: boolean | undefined): void {
    this.#buffered?.release(unread);
    if (this.#passing === undefined || this.#request.complete) return;
    this.#request.unpipe?.(this.#passing);
    this.#request.resume();
    this.#passing.destroy();
  }

  onBody(body: Buffer): void {
    this.#readMs = performance.now() - this.#startedAt;
    this.#owner.onBody(body);
  }

  onBodyFailure(reason: BodyFailure): void {
    this.#owner.onBodyFailure(reason);
  }

  onBodyFault(error: unknown): void {
    this.#owner.onBodyFault(error);
  }

  #buffer(first?: Buffer): void {
    const { budget, bodyMemory, maxBodyBytes } = this.#gateway;
    this.#buffered = new BufferedBody(this.#request, this, budget, bodyMemory, maxBodyBytes);
    this.#buffered.start(first);
  }

  #pass(contentType: string | undefined, first?: Buffer): void {
    this.#readMs = first === undefined ? 0 : performance.now() - this.#startedAt;
    this.#passing = new PassingBody(contentType);
    // `pipe` does not carry an abort on: without this, the upstream would wait for the rest for ever.
    this.#request.on('error', () => { this.#owner.onBodyFailure('client_closed'); });
    this.#passing.on('error', (error) => { this.onBodyFault(error); });
    if (first !== undefined && first.length > 0) this.#passing.write(first);
    this.#request.pipe?.(this.#passing);
    this.#owner.onPassing(this.#passing);
  }
}
