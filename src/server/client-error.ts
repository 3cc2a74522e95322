import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorType } from '../domain/error-types.js';
import { newRequestId } from '../domain/request-id.js';

const LINGER_MS = 1_000;

interface Answer {
  readonly status: number;
  readonly type: ErrorType;
  readonly message: string;
}

/**
 * What came over a connection was no HTTP, or not in time. Answered where no answer is under way:
 * bytes in the midst of one would be read as a part of it. The connection ends either way.
 */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Bytes after a request that said `Connection: close` are nobody's: its answer, which may have been paid for, still goes out.
  if (error.code === 'HPE_CLOSED_CONNECTION' && answering(socket) !== undefined) return;
  if (!socket.writable || isLeaving(error)) {
    socket.destroy(error);
    return;
  }
  // Ended first, so that what was written (a refusal, the begin of an answer) still goes out.
  const close = (): void => { socket.destroy(error); };
  socket.end(answering(socket)?.headersSent === true ? '' : rendered(answerTo(error)), close);
  // A client that does not read must not keep the connection.
  const timer = setTimeout(close, LINGER_MS);
  socket.once('close', () => { clearTimeout(timer); });
}

/** The client hung up: nobody is there to be told. */
function isLeaving({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'HPE_INVALID_EOF_STATE';
}

/** Node keeps the response that a socket is writing in `_httpMessage`; its own default handler asks the same. */
function answering(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

function answerTo({ code }: NodeJS.ErrnoException): Answer {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': return { status: 408, type: 'request_timeout', message: 'The request did not come in time.' };
    case 'HPE_HEADER_OVERFLOW': return { status: 431, type: 'bad_request', message: 'The request headers are over 64 KiB.' };
    default: return { status: 400, type: 'bad_request', message: 'The request is not valid HTTP.' };
  }
}

function rendered({ status, type, message }: Answer): string {
  const body = JSON.stringify({ error: { message, type, code: type, param: null } });
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n`
    + `content-length: ${body.length}\r\n${ownHeaders(type)}\r\n${body}`;
}

function ownHeaders(type: ErrorType): string {
  return `x-gateway-error: ${type}\r\nx-gateway-request-id: ${newRequestId(Date.now())}\r\n`;
}

/** CONNECT is never served. Node has taken its own listeners off the socket by then: without one here, a reset would end the process. */
export function refuseConnect(_request: unknown, socket: Pick<Socket, 'on' | 'end' | 'destroySoon'>): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n${ownHeaders('bad_request')}\r\n`);
  socket.destroySoon();
}
