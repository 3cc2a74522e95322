import type { OutgoingHttpHeaders } from 'node:http2';

/** What HTTP/1.1 alone has, and what `expect` would ask of the server between us. */
const HOP_BY_HOP = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'http2-settings', 'expect',
]);

/** Headers of which Node's HTTP/2 sends one line only. Of repeated ones the first counts, as for HTTP/1.1 clients. */
const SINGLE = new Set([
  'access-control-allow-credentials', 'access-control-max-age', 'access-control-request-method', 'age', 'authorization',
  'content-encoding', 'content-language', 'content-length', 'content-location', 'content-md5', 'content-range',
  'content-type', 'date', 'dnt', 'etag', 'expires', 'from', 'host',
  'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified', 'location',
  'max-forwards', 'proxy-authorization',
  'range', 'referer', 'retry-after', 'tk', 'upgrade-insecure-requests', 'user-agent', 'x-content-type-options',
]);

/** Methods whose requests Node sends without framing their body, so that its bytes would begin another request. */
const UNFRAMED = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** What each header costs beside its text (RFC 9113, 6.5.2). */
const HEADER_OVERHEAD_BYTES = 32;

/** A request of HTTP/2 in the words of HTTP/1.1; its headers as a flat list. */
export function requestOf(
  rawHeaders: readonly string[], bodiless: boolean,
): { method: string; path: string; headers: string[] } {
  const pseudo = new Map<string, string>();
  const headers: string[] = [];
  let host: string | undefined;
  let hasLength = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (name === 'host') host ??= value;
    else if (!HOP_BY_HOP.has(name)) headers.push(name, value);
    hasLength ||= name === 'content-length';
  }
  headers.push('host', pseudo.get(':authority') ?? host ?? '');
  const method = pseudo.get(':method') ?? 'GET';
  if (!bodiless && !hasLength && UNFRAMED.has(method)) headers.push('transfer-encoding', 'chunked');
  return { method, path: pseudo.get(':path') ?? '/', headers };
}

/** Headers of an HTTP/1.1 answer, as HTTP/2 can carry them. */
export function answerHeaders(status: number, rawHeaders: readonly string[]): OutgoingHttpHeaders {
  const headers = Object.create(null) as OutgoingHttpHeaders; // a header may have the name of what every object has
  headers[':status'] = status;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (HOP_BY_HOP.has(name) || (name === 'content-length' && (status === 204 || status === 205))) continue;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (!SINGLE.has(name)) headers[name] = [...(Array.isArray(before) ? before : [String(before)]), value];
  }
  return headers;
}

/** The size of a head as SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
export function headBytes(headers: OutgoingHttpHeaders): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    const lines = Array.isArray(value) ? value : [String(value)];
    for (const line of lines) bytes += name.length + line.length + HEADER_OVERHEAD_BYTES;
  }
  return bytes;
}

/** Whether Node's HTTP/2 ends an answer of this status with its head. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}
