import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Call, type CallHandler } from '../../../../src/gateway/http1/call.js';
import type { AnswerHead } from '../../../../src/gateway/http1/answer-head.js';
import type { OriginPool } from '../../../../src/gateway/http1/origin-pool.js';
import type { UpstreamRequest } from '../../../../src/gateway/http1/request.js';

/** A provider on a raw socket: `answer` is called with each request's bytes, as they come. */
export interface RawServer {
  readonly origin: string;
  readonly sockets: Socket[];
  close(): Promise<void>;
}

export async function startRawServer(answer: (socket: Socket, text: string, connection: number) => void): Promise<RawServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => { answer(socket, bytes.toString('latin1'), connection); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    close: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => { resolve(); });
    }),
  };
}

/** What a handler heard. */
export interface Heard {
  readonly sent: boolean;
  readonly head: AnswerHead | undefined;
  readonly body: string;
  readonly error: NodeJS.ErrnoException | undefined;
}

/** A handler that keeps all it hears; `done` resolves at the end, good or bad. */
export class Listener implements CallHandler {
  sent = false;
  head: AnswerHead | undefined;
  body = '';
  error: NodeJS.ErrnoException | undefined;
  ends = 0;
  onData: (() => void) | undefined;
  readonly done: Promise<Heard>;
  #finish: (heard: Heard) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve) => { this.#finish = resolve; });
  }

  onRequestSent(): void {
    this.sent = true;
  }

  onAnswerHead(head: AnswerHead): void {
    this.head = head;
  }

  onAnswerData(chunk: Buffer): void {
    this.body += chunk.toString('latin1');
    this.onData?.();
  }

  onAnswerEnd(): void {
    this.ends += 1;
    this.#finish(this);
  }

  onCallFailed(error: Error): void {
    this.ends += 1;
    this.error = error;
    this.#finish(this);
  }
}

export const GET: UpstreamRequest = { method: 'GET', path: '/', headers: ['x-a', '1'], body: undefined };

/** Makes one call and waits for its end. */
export function call(pool: OriginPool, request: UpstreamRequest = GET): Promise<Heard> {
  const listener = new Listener();
  pool.dispatch(new Call(request, listener));
  return listener.done;
}

/** Lets the event loop look at all sockets a few times. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => { setTimeout(resolve, 2); });
}
