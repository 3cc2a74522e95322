import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { expect } from 'chai';
import { ensureCertificates } from '../../support/elasticsearch/certificates.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { cluster } from '../elastic/cluster.js';
import { ExportHarness } from './harness.js';

describe('export over TLS whose handshake hangs', () => {
  let terminator: Server;
  let proxy: FaultProxy;
  let harness: ExportHarness;

  /* exporter → fault proxy → an end of TLS → the cluster, which speaks plain HTTP or not as it likes. */
  before(async () => {
    const { certFile, keyFile, caFile } = await ensureCertificates();
    const { hostname, port } = new URL(cluster().url);
    terminator = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (socket) => {
      const upstream = connect(Number(port), hostname);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => { terminator.listen(0, '127.0.0.1', resolve); });
    proxy = await FaultProxy.start(`http://127.0.0.1:${String((terminator.address() as AddressInfo).port)}`);
    harness = await ExportHarness.make({ urls: [proxy.url.replace('http://127.0.0.1', 'https://localhost')], caFile }, { urls: [cluster().url] });
  });
  after(async () => {
    await harness.dispose();
    await proxy.stop();
    await new Promise((resolve) => { terminator.close(resolve); });
  });

  it('backs off, keeps the records, and delivers each once when the handshake succeeds', async () => {
    proxy.set({ kind: 'black-hole' });
    await harness.write(300);
    await harness.start();
    const { backlogBytes } = await harness.until('backing off', ({ state }) => state === 'backing-off');
    expect(backlogBytes).to.be.greaterThan(0);
    proxy.set({ kind: 'none' });
    await harness.drained();
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });

  it('does so again when it hangs in the middle of the export', async () => {
    proxy.set({ kind: 'black-hole' }, true);
    await harness.write(300);
    await harness.until('backing off', ({ state }) => state === 'backing-off');
    proxy.set({ kind: 'none' }, true);
    await harness.drained();
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });
});
