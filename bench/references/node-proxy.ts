import cluster from 'node:cluster';
import { createServer, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';

/**
 * The bare Node proxy that the gateway is measured against: node:http in front, undici's `dispatch`
 * behind, one handler object per request, raw headers. It routes nothing, checks nothing, records
 * nothing: the least that Node's and undici's public interfaces allow for an HTTP proxy.
 * `UPSTREAM` is the provider's origin, `PORT` its own port; with `PROCESSES` so many share it (node:cluster).
 */
const { UPSTREAM: upstream = '', PORT: port, PROCESSES: processes } = process.env;
const pool = new Pool(upstream, { connections: null, pipelining: 1, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
const NOT_UPSTREAM = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'expect', 'content-length']);
const NOT_DOWNSTREAM = new Set(['connection', 'keep-alive', 'transfer-encoding']);

class Relay implements Dispatcher.DispatchHandler {
  readonly response: ServerResponse;
  controller: Dispatcher.DispatchController | undefined;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw = controller.rawHeaders as Buffer[];
    const headers: string[] = [];
    for (let i = 0; i < raw.length; i += 2) {
      const name = (raw[i] as Buffer).toString('latin1').toLowerCase();
      if (!NOT_DOWNSTREAM.has(name)) headers.push(name, (raw[i + 1] as Buffer).toString('latin1'));
    }
    this.response.writeHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.response.write(chunk)) return;
    controller.pause();
    this.response.once('drain', () => { controller.resume(); });
  }

  onResponseEnd(): void {
    this.response.end();
  }

  onResponseError(): void {
    if (!this.response.headersSent) this.response.writeHead(502);
    this.response.end();
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const raw = request.rawHeaders;
    const headers: string[] = [];
    for (let i = 0; i < raw.length; i += 2) {
      if (!NOT_UPSTREAM.has((raw[i] as string).toLowerCase())) headers.push(raw[i] as string, raw[i + 1] as string);
    }
    const relay = new Relay(response);
    response.on('close', () => { if (!response.writableEnded) relay.controller?.abort(new Error('the client left')); });
    pool.dispatch({
      path: request.url ?? '/',
      method: request.method as Dispatcher.HttpMethod,
      headers,
      body: chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks),
    }, relay);
  });
});
server.keepAliveTimeout = 75_000;
if (processes !== undefined && cluster.isPrimary) {
  // With a process less the figures would say something else than they claim.
  cluster.on('exit', () => process.exit(1));
  for (let i = 0; i < Number(processes); i++) cluster.fork();
} else server.listen(Number(port), '127.0.0.1');
