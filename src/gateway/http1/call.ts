import type { AnswerHead } from './answer-head.js';
import type { UpstreamRequest } from './request.js';

/** Told how a call goes; after `onAnswerEnd`, `onCallFailed` or an abort nothing more comes. */
export interface CallHandler {
  /** There is a connection: the first bytes of the request leave now. */
  onRequestSent(): void;
  /** The head of the final answer (status 200 or above). */
  onAnswerHead(head: AnswerHead): void;
  onAnswerData(chunk: Buffer): void;
  onAnswerEnd(): void;
  /** No connection, a lost one, or an answer that is not HTTP. */
  onCallFailed(error: Error): void;
}

/** What a call asks of the connection that carries it. */
interface CarryingConnection {
  pause(): void;
  resume(): void;
  abandon(): void;
}

/** One request on its way, and the means to slow down or end it. */
export class Call {
  readonly request: UpstreamRequest;
  readonly handler: CallHandler;
  /** What carries it; undefined before it has one and once it is over. */
  connection: CarryingConnection | undefined;
  aborted = false;
  /** Asked for by `pause`; holds also for a connection that comes later. */
  paused = false;
  /** A request whose body is a longer buffer was written, or its connection is gone: nobody reads that buffer any more. */
  flushed = false;

  constructor(request: UpstreamRequest, handler: CallHandler) {
    this.request = request;
    this.handler = handler;
  }

  /** Asks for no more data until `resume`; what was read already is kept. */
  pause(): void {
    this.paused = true;
    this.connection?.pause();
  }

  resume(): void {
    this.paused = false;
    this.connection?.resume();
  }

  /** Ends the call; its connection with it if the request may have left. The handler hears nothing more. */
  abort(): void {
    this.aborted = true;
    this.connection?.abandon();
  }
}
