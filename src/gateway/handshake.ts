import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Dialect, Observation } from '../domain/dialect.js';
import { createTap } from '../wire/tap.js';
import { responseHeaders } from './headers.js';
import type { UpstreamCall } from './upstream-call.js';

/** A provider that refuses an upgrade says why in a few words. */
const MAX_REFUSAL_BYTES = 1024 * 1024;

/** Asks the provider for a WebSocket; `onConnected` is told when there is a connection, TLS included. */
export function shakeHands({ origin, path, headers }: UpstreamCall, onConnected: () => void): ClientRequest {
  const url = new URL(origin);
  const secure = url.protocol === 'https:';
  const handshake = (secure ? httpsRequest : httpRequest)({
    hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path, method: 'GET', agent: false,
    headers: [...withoutExtensions(headers), 'host', url.host, 'connection', 'Upgrade', 'upgrade', 'websocket'],
  });
  handshake.on('socket', (socket) => { socket.once(secure ? 'secureConnect' : 'connect', onConnected); });
  handshake.end();
  return handshake;
}

/** Without the offer to compress messages: compressed ones could not be read. */
function withoutExtensions(headers: readonly string[]): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)]?.toLowerCase() !== 'sec-websocket-extensions');
}

/** An answer that is no upgrade. */
export interface HandshakeRefusal {
  readonly status: number;
  /** What may go to the client, as a flat list, without the length. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly observation: Observation;
}

/** Reads an answer that is no upgrade to its end, or as much of it as anybody needs. */
export function readRefusal(answer: IncomingMessage, dialect: Dialect, done: (refusal: HandshakeRefusal) => void): void {
  const status = answer.statusCode ?? 502;
  const { forwarded, contentType, contentEncoding } = responseHeaders(answer.rawHeaders, false);
  const tap = createTap({
    dialect, contentType, status, ...(contentEncoding === undefined ? {} : { contentEncoding }),
    header: (name) => { const value = answer.headers[name]; return Array.isArray(value) ? value[0] : value; },
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    if (bytes > MAX_REFUSAL_BYTES) return;
    bytes += chunk.length;
    tap.push(chunk);
    chunks.push(chunk);
  });
  answer.on('error', () => undefined); // 'close' follows
  answer.on('close', () => {
    tap.finish(() => { done({ status, headers: forwarded, body: Buffer.concat(chunks), observation: tap.observation }); });
  });
}
