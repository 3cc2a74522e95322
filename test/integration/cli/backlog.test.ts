import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect } from 'chai';
import { ensureBuilt, GatewayProgram } from '../../support/built-gateway.js';

const LIMIT = '/proc/sys/net/core/somaxconn';

describe('connections that come while the gateway pauses', function () {
  this.timeout(60_000);
  const program = new GatewayProgram({});

  before(ensureBuilt);
  after(() => { program.remove(); });

  it('are kept by the system, more than Node alone asks for, and served afterwards', async () => {
    const running = await program.serve();
    const pid = running.pid as number;
    const { hostname, port } = new URL(running.url);
    const many = existsSync(LIMIT) ? Math.min(1_000, Number(readFileSync(LIMIT, 'utf8'))) : 100;
    process.kill(pid, 'SIGSTOP');
    const sockets = Array.from({ length: many }, () => connect(Number(port), hostname).on('error', () => undefined));
    try {
      // Where the system keeps fewer, the others get no answer for as long as the gateway stands still.
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const last = sockets.at(-1);
    last?.write('GET /health HTTP/1.1\r\nhost: gateway\r\n\r\n');
    expect(String((await once(last as NonNullable<typeof last>, 'data'))[0])).to.match(/^HTTP\/1\.1 200 /);
    for (const socket of sockets) socket.destroy();
    expect((await running.stop()).code).to.equal(0);
  });
});
