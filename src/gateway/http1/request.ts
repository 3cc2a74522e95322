import type { Readable } from 'node:stream';
import { isFieldValue } from './fields.js';

/** A request to a provider. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  /** Flat name–value list without host, connection and transfer-encoding; content-length only where a streamed body's is known. */
  readonly headers: readonly string[];
  readonly body: Buffer | Readable | undefined;
}

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The head of a request, in Latin-1. `host` is the value of its Host header.
 *
 * @throws TypeError where a header would break out of its line; nothing was sent then
 */
export function requestHead({ method, path, headers, body }: UpstreamRequest, host: string): string {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1] as string;
    if (!isFieldValue(value)) throw new TypeError(`the value of the header ${headers[i] as string} cannot be sent`);
    head += `${headers[i] as string}: ${value}\r\n`;
  }
  if (body === undefined) return WITH_BODY.has(method) ? `${head}content-length: 0\r\n\r\n` : `${head}\r\n`;
  if (Buffer.isBuffer(body)) return `${head}content-length: ${body.length}\r\n\r\n`;
  return declaredLength(headers) === undefined ? `${head}transfer-encoding: chunked\r\n\r\n` : `${head}\r\n`;
}

/** The content length that the headers declare. */
export function declaredLength(headers: readonly string[]): number | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] as string).toLowerCase() === 'content-length') return Number(headers[i + 1]);
  }
  return undefined;
}
