import type { Socket } from 'node:net';

const [major = 0, minor = 0] = process.versions.uv.split('.').map(Number);
/** libuv before 1.52 (Node 22) reports a reset that arrives together with the last bytes as an orderly end. */
const RESET_LOOKS_ORDERLY = major === 1 && minor < 52;

/**
 * Says whether a socket that has just emitted `end` was closed in an orderly way, or else why not. To
 * be called in that event: the socket cannot be written to for long.
 */
export function whenOrderlyEnd(socket: Socket, report: (reset: Error | undefined) => void): void {
  // The system refuses even an empty write once the other side has reset the connection.
  if (RESET_LOOKS_ORDERLY) socket.write('', (error) => { report(error ?? undefined); });
  else report(undefined);
}
