import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the proxy does with connections and bytes. */
export type Fault =
  /** Passes everything. */
  | { readonly kind: 'none' }
  /** Ends every connection at once. */
  | { readonly kind: 'refuse' }
  /** Takes connections and bytes, and lets nothing through. */
  | { readonly kind: 'black-hole' }
  /** Passes requests, and resets the connection after so many bytes of the answers; `to`: of those to requests of this path alone. */
  | { readonly kind: 'reset-answers'; readonly afterBytes: number; readonly to?: string }
  /** Passes requests, and lets the answers stop after so many bytes, the connection open. */
  | { readonly kind: 'stall-answers'; readonly afterBytes: number }
  /** Passes so many bytes of the requests of a connection, then resets it: what a limit of body sizes looks like through some proxies. */
  | { readonly kind: 'reset-large-requests'; readonly beyondBytes: number }
  /** Delays every chunk of the answers. */
  | { readonly kind: 'slow'; readonly delayMs: number };

/** A TCP proxy that injures the connections to one target on command. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  #fault: Fault = { kind: 'none' };
  #connections = 0;
  /** Faults that struck. */
  hits = 0;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: false }, (client) => { this.#accept(client); });
  }

  static async start(targetUrl: string): Promise<FaultProxy> {
    const { hostname, port } = new URL(targetUrl);
    const proxy = new FaultProxy({ host: hostname, port: Number(port) });
    await new Promise<void>((resolve) => { proxy.#server.listen(0, '127.0.0.1', resolve); });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  get connections(): number {
    return this.#connections;
  }

  /** Changes the fault for what comes from now on; `cut` also resets what stands. */
  set(fault: Fault, cut = false): void {
    this.#fault = fault;
    if (cut) this.cut();
  }

  /** Resets every connection that stands. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      this.hits++;
      client.resetAndDestroy();
      upstream.destroy();
    }
    this.#pairs.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => { this.#server.close(() => { resolve(); }); });
  }

  #accept(client: Socket): void {
    this.#connections++;
    client.on('error', () => undefined);
    if (this.#fault.kind === 'refuse') {
      this.hits++;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target);
    upstream.on('error', () => { client.destroy(); });
    const pair = { client, upstream };
    this.#pairs.add(pair);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      this.#pairs.delete(pair);
    };
    client.on('close', end);
    upstream.on('close', end);
    let requestBytes = 0;
    let answerBytes = 0;
    let requestLine = '';
    const strike = (): void => {
      this.hits++;
      client.resetAndDestroy();
      upstream.destroy();
    };
    client.on('data', (chunk) => {
      const fault = this.#fault;
      if (requestBytes === 0) requestLine = chunk.subarray(0, chunk.indexOf('\r\n')).toString();
      requestBytes += chunk.length;
      if (fault.kind === 'black-hole') {
        this.hits++;
        return;
      }
      if (fault.kind === 'reset-large-requests' && requestBytes > fault.beyondBytes) {
        strike();
        return;
      }
      if (!upstream.write(chunk)) {
        client.pause();
        upstream.once('drain', () => { client.resume(); });
      }
    });
    upstream.on('data', (chunk) => {
      const fault = this.#fault;
      // A new answer: limits of a request's size count from here.
      requestBytes = 0;
      const isMeant = fault.kind !== 'reset-answers' || fault.to === undefined || requestLine.includes(fault.to);
      const before = answerBytes;
      answerBytes += chunk.length;
      switch (fault.kind) {
        case 'black-hole':
          this.hits++;
          return;
        case 'reset-answers':
        case 'stall-answers':
          if (isMeant && answerBytes > fault.afterBytes) {
            if (before < fault.afterBytes) client.write(chunk.subarray(0, fault.afterBytes - before));
            if (fault.kind === 'reset-answers') strike();
            else this.hits++;
            return;
          }
          break;
        case 'slow':
          setTimeout(() => { client.write(chunk); }, fault.delayMs);
          return;
        default:
      }
      if (!client.write(chunk)) {
        upstream.pause();
        client.once('drain', () => { upstream.resume(); });
      }
    });
  }
}
