import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ERROR_TYPES, type ErrorType } from '../domain/error-types.js';
import { ownAnswer } from './own-answer.js';

const LINGER_MS = 1_000;

interface Answer {
  readonly status: number;
  readonly type: ErrorType;
  readonly message: string;
}

/** What Node's server says of a connection that it gives up. */
export interface ClientError extends NodeJS.ErrnoException {
  /** The bytes that its parser was given last, and where in them it stopped. */
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/**
 * What came over a connection is not HTTP, or did not come in time. The connection ends.
 *
 * @param begun part of an answer is out: bytes of another one would be read as part of it
 */
export function onClientError(error: ClientError, socket: Socket, begun: boolean): void {
  if (!socket.writable || isLeaving(error)) {
    socket.destroy(error);
    return;
  }
  // Ended first, so that what was written (a refusal, the begin of an answer) still goes out.
  const close = (): void => { socket.destroy(error); };
  socket.end(begun ? '' : rendered(answerTo(error)), close);
  // A client that does not read must not keep the connection.
  const timer = setTimeout(close, LINGER_MS);
  socket.once('close', () => { clearTimeout(timer); });
}

/** The client hung up: nobody is there to be told. */
function isLeaving({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'HPE_INVALID_EOF_STATE';
}

function answerTo(error: ClientError): Answer {
  const { code } = error;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, type: 'request_timeout', message: 'The request did not come in time.' };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const message = 'The head of the request is too large: over 64 KiB, or too many lines.';
    return { status: 431, type: 'bad_request', message };
  }
  if (code === 'HPE_INVALID_METHOD' && hasRequestLine(error)) {
    const { status } = ERROR_TYPES.method_unsupported;
    return { status, type: 'method_unsupported', message: 'The gateway does not forward requests of this method.' };
  }
  return { status: 400, type: 'bad_request', message: 'The request is not valid HTTP.' };
}

const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/1\.[01]\r?$/;

/** Whether the parser stopped in a request line that is well-formed: its method is one that Node does not know. */
function hasRequestLine({ rawPacket, bytesParsed }: ClientError): boolean {
  const text = rawPacket?.toString('latin1') ?? '';
  const at = bytesParsed ?? 0;
  const start = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  return REQUEST_LINE.test(text.slice(start, end === -1 ? undefined : end));
}

function rendered({ status, type, message }: Answer): string {
  const { headers, body } = ownAnswer(type, message);
  return head(status, headers) + body;
}

function head(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n${lines.join('')}\r\n`;
}

/** CONNECT is never served. Node has taken its own listeners off the socket by then: without one here, a reset would end the process. */
export function refuseConnect(_request: unknown, socket: Pick<Socket, 'on' | 'end' | 'destroySoon'>): void {
  socket.on('error', () => undefined);
  socket.end(rendered({ status: 400, type: 'bad_request', message: 'The gateway does not serve CONNECT.' }));
  socket.destroySoon();
}
