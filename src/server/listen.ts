import { createServer } from 'node:net';
import { Failure } from '../domain/failure.js';

/**
 * Connections that the system keeps until they are accepted (it may allow fewer: net.core.somaxconn). Node's
 * 511 are full after a pause of tens of milliseconds under load, and each client beyond them waits a second.
 */
export const BACKLOG = 4096;

/** Every interface of the machine. */
export function isAnyHost(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/**
 * Finds out before anything is started whether the address can be had.
 *
 * @throws Failure `listen_failed`
 */
export async function checkPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => { reject(asError(listenFailure(error, host, port))); });
    server.listen({ host, port }, () => { server.close(() => { resolve(); }); });
  });
}

/** What a user can do about an address that cannot be listened on; other errors stay as they are. */
export function listenFailure(error: unknown, host: string, port: number): unknown {
  const say = (message: string, fix: string): Failure => new Failure({ code: 'listen_failed', message, fix, cause: error });
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE': return say(`PORT=${port}: something listens on ${host}:${port} already`, 'Choose another port with --port (or PORT), or stop the other process.');
    case 'EACCES': return say(`PORT=${port}: this user may not listen on it`, 'Choose a port above 1023 with --port (or PORT).');
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'EAI_AGAIN':
    case 'ENOTFOUND': return say(`HOST=${host}: is not an address of this machine`, 'Set HOST (or --host) to 127.0.0.1, 0.0.0.0 or an address of this machine.');
    default: return error;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
