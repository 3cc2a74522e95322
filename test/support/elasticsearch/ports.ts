import { createServer } from 'node:net';

/** Below the range that systems give to outgoing connections, so that a stopped node finds its port free again. */
const LOWEST = 20_000;
const HIGHEST = 31_999;

const taken = new Set<number>();

/** That many ports on which nothing listens, none of them given out before by this process. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (taken.has(port) || !await isFree(port)) continue;
    taken.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => { resolve(false); });
    server.listen(port, '127.0.0.1', () => { server.close(() => { resolve(true); }); });
  });
}
