import { createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { migrate } from '../../../src/elastic/migrate/migrate.js';
import { at } from '../../../src/elastic/json.js';
import { cluster } from '../elastic/cluster.js';
import { ExportHarness } from './harness.js';

const DAY = 24 * 3_600_000;

describe('export whose target changes without one failed request', () => {
  let harness: ExportHarness;
  let proxy: Server | undefined;

  afterEach(async () => {
    await harness.dispose();
    proxy?.closeAllConnections();
    proxy?.close();
    proxy = undefined;
  });

  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };
  const documented = async (index: string): Promise<void> => {
    const found = await harness.must('GET', `/${index}`);
    expect(at(found, index, 'mappings', 'properties', 'model', 'type')).to.equal('keyword');
    expect(at(found, index, 'mappings', 'dynamic')).to.equal('false');
    expect(Object.keys(at(found, index, 'aliases') as object)).to.include(harness.index);
  };
  /** Passes everything to the cluster; `change` may answer instead, or break the connection. */
  const through = async (change: (method: string, path: string, answer: (body: unknown) => void, cut: () => void) => boolean): Promise<string> => {
    const { hostname, port } = new URL(cluster().url);
    proxy = createServer((incoming, outgoing) => {
      const instead = (body: unknown): void => { outgoing.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end(JSON.stringify(body)); };
      if (change(String(incoming.method), String(incoming.url), instead, () => incoming.socket.destroy())) return;
      const passed = ask({ hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(Number(answer.statusCode), answer.headers);
        answer.pipe(outgoing);
      });
      passed.on('error', () => incoming.socket.destroy());
      incoming.pipe(passed);
    });
    await new Promise<void>((resolve) => { proxy?.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`;
  };

  it('makes template and index again as documented where both were deleted', async () => {
    harness = await ExportHarness.make();
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.must('DELETE', `/${harness.daily()}`);
    harness.written.length = 0;
    await harness.write(5);
    await harness.drained();
    await documented(harness.daily());
    await harness.must('DELETE', `/${harness.daily()}`);
    await harness.must('DELETE', `/_index_template/${harness.index}-template`);
    harness.written.length = 0;
    await harness.write(5);
    await harness.drained();
    await documented(harness.daily());
    await all();
  });

  it('starts at the oldest record where another cluster answers at the same address', async () => {
    let other = false;
    let asked = false;
    const bulksUnasked: string[] = [];
    const url = await through((method, path, answer) => {
      if (other && path.includes('/_bulk') && !asked) bulksUnasked.push(path);
      if (path !== '/' || !other) return false;
      asked = true;
      answer({ name: 'n', cluster_name: 'other', cluster_uuid: 'another-cluster', version: { number: '8.19.0' }, tagline: 'You Know, for Search' });
      return method === 'GET';
    });
    harness = await ExportHarness.make({ urls: [url] });
    const { logs } = await harness.start();
    await harness.write(7);
    const first = await harness.drained();
    expect(first.counters.exported).to.equal(7);
    other = true;
    await harness.write(3);
    const { target } = await harness.until('at the other cluster', ({ target: now, counters, backlogBytes }) => now?.clusterUuid === 'another-cluster' && counters.exported + counters.existing === 17 && backlogBytes === 0);
    expect(target?.clusterUuid).to.equal('another-cluster');
    expect(bulksUnasked, 'nothing is sent before the cluster has said who it is').to.have.length(0);
    expect(logs.filter(({ message }) => message.startsWith('a new export target'))).to.have.length(2);
    await all();
  });

  for (const days of [1, 3]) {
    it(`goes on in daily indices after a migration beside it, of an index with ${String(days)} ${days === 1 ? 'day' : 'days'}`, async () => {
      harness = await ExportHarness.make();
      await harness.must('PUT', `/${harness.index}`);
      await harness.must('PUT', `/${harness.index}/_mapping`, { properties: { timestamp: { type: 'date' }, provider: { type: 'keyword' }, request_id: { type: 'keyword' } } });
      await migrationReady();
      await harness.start();
      await harness.write(6, (i) => ({ receivedAt: Date.now() - (i % days) * DAY }));
      const { target } = await harness.drained();
      expect(target?.layout).to.equal('single');
      const outcome = await migrate(harness.admin, harness.elasticsearch, { force: true, now: Date.now(), objects: {}, deleteOld: true, onProgress: () => undefined }, true);
      expect(outcome.ok, outcome.text).to.equal(true);
      await harness.write(12, (i) => ({ receivedAt: Date.now() - (i % 4) * DAY }));
      const later = await harness.until('in daily indices', ({ target: now, backlogBytes, retryBytes, state }) => now?.layout === 'daily' && backlogBytes === 0 && retryBytes === 0 && state === 'idle');
      expect(later.heldIndices).to.have.length(0);
      await all();
      const found = await harness.must('POST', `/${harness.index}/_search`, { size: 100, _source: ['timestamp'] });
      for (const hit of at(found, 'hits', 'hits') as { _index: string; _source: { timestamp: string } }[]) {
        expect(hit._index).to.equal(harness.daily(Date.parse(hit._source.timestamp)));
      }
    });
  }

  /** The documented objects in place of none, for an index that was made by hand. */
  const migrationReady = async (): Promise<void> => {
    const { runInit } = await import('../../../src/elastic/run-init.js');
    await runInit(harness.admin, harness.elasticsearch, { force: true, dryRun: false, now: Date.now() });
  };

  it('takes a connection that breaks while it looks at an index or at the objects for no fault of theirs', async () => {
    let look = 0;
    let breakAt = 1;
    const url = await through((method, path, _, cut) => {
      if (!path.startsWith('/_resolve/index') || ++look !== breakAt) return false;
      cut();
      return method === 'GET';
    });
    harness = await ExportHarness.make({ urls: [url] });
    const { states, logs } = await harness.start();
    await harness.until('begun', ({ state }) => state === 'idle');
    breakAt = look + 1;
    await harness.write(5);
    await harness.drained();
    expect(states).to.include('backing-off').and.not.include('holding').and.not.include('waiting-for-template');
    expect(logs.filter(({ level }) => level === 'error')).to.deep.equal([]);
    await all();
  });

  it('keeps back one day whose metadata are blocked, and names the block', async () => {
    harness = await ExportHarness.make();
    await harness.start();
    const yesterday = Date.now() - DAY;
    await harness.write(6, (i) => ({ receivedAt: Date.now() - (i % 2) * DAY }));
    await harness.drained();
    await harness.stop();
    await harness.must('PUT', `/${harness.daily(yesterday)}/_settings`, { 'index.blocks.metadata': true });
    await harness.start();
    await harness.write(6, (i) => ({ receivedAt: Date.now() - (i % 2) * DAY }));
    const { heldIndices, fix } = await harness.until('one day waits', ({ counters, heldIndices: held }) => counters.exported === 3 && held.length === 1);
    expect(heldIndices[0]?.reason).to.match(/metadata of the index .* are blocked/);
    expect(fix).to.match(/^Lift the block: PUT /);
    await harness.must('PUT', `/${harness.daily(yesterday)}/_settings`, { 'index.blocks.metadata': null });
    await harness.drained();
    await all();
  });

  it('waits with the records of a day for which another template wins, and with those alone', async () => {
    harness = await ExportHarness.make();
    const yesterday = Date.now() - DAY;
    const foreign = `${harness.index}-foreign`;
    await harness.must('PUT', `/_index_template/${foreign}`, { index_patterns: [harness.daily(yesterday)], priority: 900_000 });
    try {
      await harness.start();
      await harness.write(6, (i) => ({ receivedAt: Date.now() - (i % 2) * DAY }));
      const { heldIndices } = await harness.until('one day waits', ({ counters, heldIndices: held }) => counters.exported === 3 && held.length === 1);
      expect(heldIndices[0]?.index).to.equal(harness.daily(yesterday));
      expect(heldIndices[0]?.reason).to.include(foreign);
    } finally {
      await harness.must('DELETE', `/_index_template/${foreign}`);
    }
    await harness.drained();
    await documented(harness.daily(yesterday));
    await all();
  });
});
