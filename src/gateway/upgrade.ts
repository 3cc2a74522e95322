import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { Socket } from 'node:net';

/** A connection that its client wants to turn into another protocol; Node's parser has let go of it. */
export interface Upgrade {
  readonly request: IncomingMessage;
  /** By it the offer can be refused. */
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Bytes that came behind the request's head. */
  readonly head: Buffer;
}

export type HandleUpgrade = (upgrade: Upgrade) => void;

/** Headers that make the offer; without them it is a request like any other. */
const OFFER = new Set(['upgrade', 'http2-settings', 'connection']);

/**
 * Takes over the upgrade requests of a server. Those that ask for a WebSocket (or anything else) are
 * handed on together with a response by which they can be refused. An offer of h2c, which Java's
 * client makes to every server, may be ignored: the request goes back to the server without it.
 */
export function takeUpgrades(server: Server, handle: HandleUpgrade): void {
  server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    if (!(socket instanceof Socket)) {
      socket.destroy(); // nothing else comes over a network
      return;
    }
    if (request.headers.upgrade?.toLowerCase() === 'h2c') {
      putBack(server, request, socket, head);
      return;
    }
    // Node has taken its own listeners off the socket; 'close' follows and says it all.
    socket.on('error', () => undefined);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    handle({ request, response, socket, head });
  });
}

/** Gives the request's bytes back to the socket, without the offer, and the socket back to the server. */
function putBack(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}`];
  const { rawHeaders } = request;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!OFFER.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1] as string}`);
  }
  const closes = (request.headers.connection ?? '').toLowerCase().split(',').some((token) => token.trim() === 'close');
  if (closes) lines.push('connection: close');
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
