import { expect } from 'chai';
import type { Server } from '../../support/elasticsearch/server.js';
import { needElasticsearch } from '../../support/elasticsearch/shared.js';
import type { ExportHarness } from './harness.js';
import { sleep } from './harness.js';
import { ownServer } from '../../support/own-server.js';
import { harnessOn } from './harness-on.js';

needElasticsearch();

const DAY = 24 * 3_600_000;

describe('export to a server that breaks', function () {
  this.timeout(240_000);
  let server: Server;
  let harness: ExportHarness;

  before(async () => { server = await ownServer({ 'http.max_content_length': '1mb' }); });
  after(() => server.stop());
  beforeEach(async () => { harness = await harnessOn(server); });
  afterEach(async () => {
    try {
      // One test that fails half-way spoils no other.
      await harness.must('PUT', '/_cluster/settings', { persistent: { 'cluster.blocks.read_only': null, 'cluster.max_shards_per_node': null, 'action.auto_create_index': null } });
    } finally {
      await harness.dispose();
    }
  });

  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };

  it('splits what is answered with 413 and keeps the limit', async () => {
    await harness.write(6_000);
    await harness.start();
    const { counters } = await harness.drained();
    expect(counters.splits).to.be.greaterThan(0);
    await all();
    await harness.write(6_000);
    const later = (await harness.drained()).counters;
    expect(later.splits).to.equal(counters.splits);
    await all();
  });

  it('holds while the whole cluster is read-only', async () => {
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'cluster.blocks.read_only': true } });
    await harness.write(20);
    const { reason } = await harness.until('held', ({ state }) => state === 'holding');
    expect(reason).to.match(/403/);
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'cluster.blocks.read_only': null } });
    await harness.drained();
    await all();
  });

  it('waits for a day whose index finds no room for its shards, others go on', async () => {
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': 1 } });
    await harness.write(100, (i) => ({ receivedAt: Date.now() - (i % 2) * DAY }));
    const { reason } = await harness.until('held', ({ heldIndices, counters }) => heldIndices.length === 1 && counters.exported === 55);
    expect(reason).to.match(/validation_exception/);
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': null } });
    await harness.drained();
    await all();
  });

  it('waits for a day whose index may not be made, others go on', async () => {
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'action.auto_create_index': 'false' } });
    await harness.write(100, (i) => ({ receivedAt: Date.now() - (i % 2) * DAY }));
    const { reason, counters } = await harness.until('held', (status) => status.heldIndices.length === 1 && status.counters.exported === 55);
    expect(reason).to.match(/404 index_not_found_exception/);
    expect(counters.retried, 'held at once').to.equal(0);
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'action.auto_create_index': null } });
    await harness.drained();
    await all();
  });

  it('waits for a day whose shard has no node', async () => {
    const index = harness.daily(Date.now() - DAY);
    await harness.start({ timing: { bulkTimeoutMs: 40_000 } });
    await harness.write(5);
    await harness.drained();
    const template = await harness.must('GET', `/_index_template/${harness.index}-template`) as { index_templates: { index_template: { template: { mappings: unknown } } }[] };
    await harness.must('PUT', `/${index}`, {
      mappings: template.index_templates[0]?.index_template.template.mappings, aliases: { [harness.index]: {} },
      settings: { 'index.routing.allocation.require._name': 'nobody' },
    }).catch(() => undefined);
    await harness.write(40, (i) => ({ receivedAt: Date.now() - (i % 2) * DAY }));
    await harness.until('others went on', ({ counters }) => counters.exported === 25);
    await harness.must('PUT', `/${index}/_settings`, { 'index.routing.allocation.require._name': null });
    await harness.drained();
    await all();
  });

  it('loses nothing to a kill -9 and a restart of the server', async () => {
    await harness.start();
    const stop = new AbortController();
    const stopped = (): boolean => stop.signal.aborted;
    const load = (async () => {
      while (!stopped()) {
        await harness.write(50);
        await sleep(20);
      }
    })();
    await harness.until('under way', ({ counters }) => counters.exported > 300);
    await server.kill();
    await harness.until('noticed', ({ state }) => state === 'backing-off');
    await sleep(500);
    await server.start();
    await sleep(500);
    stop.abort();
    await load;
    await harness.drained();
    await all();
  });

  it('writes nothing twice when a frozen server wakes up', async () => {
    await harness.start({ timing: { bulkTimeoutMs: 1_000 } });
    await harness.write(5);
    await harness.drained();
    await server.freeze();
    await harness.write(300);
    await harness.until('timed out', ({ state, reason }) => state === 'backing-off' && reason?.includes('in time') === true);
    await server.thaw();
    await harness.drained();
    await all();
  });
});

describe('export to a server with too much to do', function () {
  this.timeout(240_000);
  let server: Server;
  let harness: ExportHarness;

  before(async () => { server = await ownServer({ 'thread_pool.write.size': '1', 'thread_pool.write.queue_size': '1' }); });
  after(() => server.stop());
  beforeEach(async () => { harness = await harnessOn(server); });
  afterEach(() => harness.dispose());

  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };

  it('sends again what the write queue refuses', async () => {
    await harness.must('PUT', `/${harness.index}-flood`, { settings: { number_of_shards: 4, number_of_replicas: 0 } });
    const body = Array.from({ length: 500 }, () => `{"index":{}}\n{"a":${String(Math.random())}}\n`).join('');
    let flooding = true;
    // Others keep the queue full.
    const flood = Array.from({ length: 24 }, async () => {
      while (flooding) await harness.admin.request({ method: 'POST', path: `/${harness.index}-flood/_bulk`, body }).catch(() => undefined);
    });
    const deadline = Date.now() + 200_000;
    try {
      const started = await harness.start();
      // Chance decides which requests find the queue full: until one of ours did.
      while (started.status()?.lastError?.includes('429') !== true) {
        if (Date.now() > deadline) throw new Error('the queue was never found full');
        await harness.write(100);
        await sleep(50);
      }
    } finally {
      flooding = false; // a flood that outlives its test would drown all that come after it
      await Promise.all(flood);
    }
    await harness.must('DELETE', `/${harness.index}-flood`);
    await harness.drained();
    await all();
  });

  it('waits while memory protection refuses whole requests', async () => {
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'indices.breaker.total.limit': '1mb' } });
    await harness.write(200);
    const { reason } = await harness.until('backing off', ({ state }) => state === 'backing-off');
    expect(reason).to.match(/429/);
    await harness.must('PUT', '/_cluster/settings', { persistent: { 'indices.breaker.total.limit': null } });
    const { counters } = await harness.drained();
    expect(counters.deadLetters).to.equal(0);
    await all();
  });
});

describe('export to a server whose memory for writes is taken', function () {
  this.timeout(240_000);
  let server: Server;
  let harness: ExportHarness;

  before(async () => {
    server = await ownServer({ 'indexing_pressure.memory.limit': '6mb' });
    harness = await harnessOn(server);
  });
  after(async () => {
    await harness.dispose();
    await server.stop();
  });

  /** Bytes of the writes that the server has taken on and not yet answered. */
  const memoryTaken = async (): Promise<number> => {
    const { body } = await harness.admin.request({ method: 'GET', path: '/_nodes/stats/indexing_pressure' });
    const nodes = Object.values((body as { nodes: Record<string, { indexing_pressure: { memory: { current: { coordinating_in_bytes: number } } } }> }).nodes);
    return nodes.reduce((sum, { indexing_pressure: { memory } }) => sum + memory.current.coordinating_in_bytes, 0);
  };

  it('sends again what indexing pressure refuses', async () => {
    // A request for a shard that no node may have waits, and holds the memory that is allowed, for as long as the test wants.
    const held = `${harness.index}-held`;
    await harness.must('PUT', `/${held}?wait_for_active_shards=0`, { settings: { number_of_replicas: 0, 'index.routing.allocation.require._name': 'nobody' } });
    const document = `{"index":{}}\n{"a":"${'x'.repeat(61_000)}"}\n`;
    const holder = harness.admin.request({ method: 'POST', path: `/${held}/_bulk`, query: { timeout: '2m' }, body: document.repeat(100) });
    while (await memoryTaken() < 100 * 61_000) await sleep(50);
    const started = await harness.start();
    await harness.write(1_000);
    await harness.until('refused', ({ state, reason }) => state === 'backing-off' && reason?.includes('429') === true);
    expect(started.status()?.lastError).to.match(/es_rejected_execution_exception/);
    await harness.must('PUT', `/${held}/_settings`, { 'index.routing.allocation.require._name': null });
    expect((await holder).status).to.equal(200);
    await harness.must('DELETE', `/${held}`);
    const { counters } = await harness.drained();
    expect(counters.deadLetters).to.equal(0);
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });
});
