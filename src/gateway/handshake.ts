import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { UpstreamCall } from './upstream-call.js';

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

/** Whether the provider has switched to the protocol that was asked for. */
export function acceptsWebSocket(answer: IncomingMessage): boolean {
  return answer.headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/** Without the offer to compress messages: compressed ones could not be read. */
function withoutExtensions(headers: readonly string[]): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)]?.toLowerCase() !== 'sec-websocket-extensions');
}
