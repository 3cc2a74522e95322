import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RelayAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Stands between the exporter and the cluster as a load balancer does, and gives answers of its own where it is told to. */
export class Relay {
  readonly #server: Server;
  readonly #target: string;
  /** What it says to a bulk request in the cluster's place; the request does not get there. */
  bulkAnswer: RelayAnswer | undefined;
  /** Bulk requests that it has answered itself. */
  answered = 0;
  /** The id that the cluster seems to have. */
  clusterUuid: string | undefined;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, headers, body }) => response.writeHead(status, headers).end(body), () => response.destroy());
    });
  }

  static async start(target: string): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve) => { relay.#server.listen(0, '127.0.0.1', resolve); });
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Ends every connection that stands, as a cluster does that is replaced. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  async #answer(request: IncomingMessage): Promise<RelayAnswer> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts);
    const path = request.url ?? '/';
    if (this.bulkAnswer !== undefined && /\/_bulk\b/.test(path)) {
      this.answered++;
      return this.bulkAnswer;
    }
    const headers = Object.fromEntries(['authorization', 'content-type', 'accept', 'content-encoding'].flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }));
    const answer = await fetch(this.#target + path, { method: request.method ?? 'GET', headers, ...(body.length > 0 && { body }) });
    const text = await answer.text();
    const uuid = this.clusterUuid;
    return {
      status: answer.status, headers: { 'content-type': answer.headers.get('content-type') ?? '', 'x-elastic-product': 'Elasticsearch' },
      body: uuid === undefined ? text : text.replace(/("cluster_uuid"\s*:\s*")[^"]+/g, `$1${uuid}`),
    };
  }
}
