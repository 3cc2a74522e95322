import { expect } from 'chai';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PlainConnection, type ConnectionOwner } from '../../../../src/server/fast-path/plain-connection.js';
import { rawPost } from '../../../support/proxied.js';
import { until } from '../../../support/proxy-harness.js';

describe('a connection of the fast path', () => {
  it('does not lie idle while the rest of an unwanted body is coming', async () => {
    const owner: ConnectionOwner = {
      announcement: '',
      closing: false,
      takes: () => true,
      handle: (_request, response) => {
        response.writeHead(503, ['content-length', '0']);
        response.end();
      },
      handOver: () => undefined,
      onClosed: () => undefined,
      onFault: (error) => { throw error; },
    };
    let connection: PlainConnection | undefined;
    const server = createServer((socket: Socket) => { connection = new PlainConnection(socket, owner); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.resume().write(rawPost('/v1/a', 'x'.repeat(1_000)).slice(0, -900));
    await until(() => connection?.used === true && connection.isIdle);
    const before = connection?.idleSince;
    client.write('x'.repeat(100));
    await until(() => connection?.idleSince !== before);
    expect(connection?.idleSince).to.be.above(before ?? Number.NaN);
    client.destroy();
    await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  });
});
