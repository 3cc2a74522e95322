import { ERROR_TYPES, type ErrorType } from '../domain/error-types.js';
import type { Dialect } from '../domain/dialect.js';
import type { ClientRequest, ClientResponse } from './client.js';

/** The gateway's own answer to a request, ready to be sent. */
export interface ErrorResponse {
  readonly status: number;
  /** Flat header list, content-length included. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** An error in the dialect's own shape, with the headers that every answer of the gateway carries. */
export function errorResponse(
  dialect: Dialect, type: ErrorType, message: string, requestId: string, extra: readonly string[] = [],
): ErrorResponse {
  const { status } = ERROR_TYPES[type];
  const body = Buffer.from(dialect.errorBody({ status, type, message, requestId }));
  return {
    status,
    headers: [
      'content-type', 'application/json',
      'content-length', String(body.length),
      'x-gateway-error', type,
      'x-gateway-request-id', requestId,
      ...extra,
    ],
    body,
  };
}

/** How long the rest of an unwanted request body is thrown away before the connection is closed. */
const LINGER_MS = 1_000;

/**
 * Sends the answer. Where the client is still sending its body, the connection lingers for a moment:
 * closing it at once would reset it, and the client would lose the answer that says why.
 */
export function sendAnswer(request: ClientRequest, response: ClientResponse, answer: ErrorResponse): void {
  if (response.destroyed) return;
  response.writeHead(answer.status, answer.headers);
  const body = request.method === 'HEAD' ? undefined : answer.body;
  if (request.complete || !answer.headers.includes('close')) {
    request.resume();
    response.end(body);
    return;
  }
  if (body !== undefined) response.write(body);
  const timer = setTimeout(() => response.end(), LINGER_MS);
  request.on('end', () => { clearTimeout(timer); response.end(); });
  response.on('close', () => { clearTimeout(timer); });
  request.resume();
}
