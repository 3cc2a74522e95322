import type { Readable } from 'node:stream';
import { UnsendableRequest } from './fault.js';
import { isFieldName, isFieldValue } from './fields.js';

/** A request to a provider. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  /** Flat name–value list without host, connection and transfer-encoding; content-length only where a streamed body's is known. */
  readonly headers: readonly string[];
  readonly body: Buffer | Readable | undefined;
}

/** Path and query in origin form: no space, no control character, so that it cannot become a second word or line. */
const PATH = /^\/[\x21-\x7e\x80-\xff]*$/;
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The head of a request, in Latin-1. `host` is the value of its Host header.
 *
 * @throws UnsendableRequest where a part of it would break out of its place; nothing was sent then
 */
export function requestHead({ method, path, headers, body }: UpstreamRequest, host: string): string {
  if (!isFieldName(method)) throw new UnsendableRequest('its method is not a token');
  if (!PATH.test(path)) throw new UnsendableRequest('its path has characters that must be escaped');
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (!isFieldName(name)) throw new UnsendableRequest('the name of a header is not a token');
    if (!isFieldValue(value)) {
      throw new UnsendableRequest(`the value of its header ${name} has a character that no header can carry`);
    }
    head += `${name}: ${value}\r\n`;
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
