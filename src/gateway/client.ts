import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** What the proxy needs of a client's request: Node's own has it, and so has the fast path's (src/server/fast-path). */
export interface ClientRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Flat name–value list as sent. */
  readonly rawHeaders: readonly string[];
  /** All of the body has come. */
  readonly complete: boolean;
  readonly socket: Pick<Socket, 'remoteAddress' | 'localAddress' | 'errored'>;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Lets the body come, although nobody reads it. */
  resume(): unknown;
  /** Absent where bodies are only ever read whole. */
  pipe?(destination: NodeJS.WritableStream): unknown;
  unpipe?(destination: NodeJS.WritableStream): unknown;
}

/** What the proxy needs of the response to it. */
export interface ClientResponse {
  readonly req: { readonly httpVersion: string };
  /** Null after its end. */
  readonly socket: Socket | null;
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  /** `end` was called. */
  readonly writableEnded: boolean;
  /** All of it was handed to the system. */
  readonly writableFinished: boolean;
  writeHead(status: number, headers: string[]): unknown;
  writeHead(status: number, reason: string, headers: string[]): unknown;
  flushHeaders(): void;
  /** False where the client is slow: `drain` tells when to go on. */
  write(bytes: Buffer): boolean;
  end(bytes?: Buffer): unknown;
  end(text: string, encoding: 'latin1'): unknown;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'drain', listener: () => void): unknown;
}
