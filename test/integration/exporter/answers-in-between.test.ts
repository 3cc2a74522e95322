import { expect } from 'chai';
import { cluster } from '../elastic/cluster.js';
import { ExportHarness } from './harness.js';
import { Relay, type RelayAnswer } from './relay.js';

/* Rows of the table that a healthy server never says of itself: what stands in front of it says them. */
describe('answers that come from between the exporter and the cluster', () => {
  let relay: Relay;
  let harness: ExportHarness;

  before(async () => {
    relay = await Relay.start(cluster().url);
    harness = await ExportHarness.make({ urls: [relay.url] }, { urls: [cluster().url] });
    await harness.start();
    await harness.write(5);
    await harness.drained();
  });
  after(async () => {
    await harness.dispose();
    await relay.stop();
  });

  const json = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };
  const rows: [string, RelayAnswer, 'holding' | 'backing-off', RegExp][] = [
    ['404', { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>no such page</h1>' }, 'holding', /404/],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:9/' } }, 'holding', /302/],
    ['403 of a gatekeeper', { status: 403, headers: { 'content-type': 'text/html' }, body: 'no' }, 'holding', /403/],
    ['200 of a login page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<form>' }, 'backing-off', /not the answer to a bulk/],
    ['200 with an item too few', { status: 200, headers: json, body: '{"errors":false,"items":[]}' }, 'backing-off', /not the answer to a bulk/],
    ['204', { status: 204 }, 'backing-off', /not the answer to a bulk/],
    ['400', { status: 400, headers: json, body: '{"error":{"type":"unheard_of_exception","reason":"why"}}' }, 'backing-off', /unheard_of_exception/],
    ['408', { status: 408 }, 'backing-off', /408/],
    ['418', { status: 418 }, 'backing-off', /418/],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }, 'backing-off', /429/],
    ['500', { status: 500, headers: json, body: '{"error":{"type":"some_exception","reason":"why"}}' }, 'backing-off', /500/],
    ['502', { status: 502, headers: { 'content-type': 'text/html' }, body: 'bad gateway' }, 'backing-off', /502/],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '1' } }, 'backing-off', /503/],
  ];
  for (const [what, answer, state, reason] of rows) {
    it(`${what}: ${state}, and every record is there once afterwards`, async () => {
      relay.answered = 0;
      relay.bulkAnswer = answer;
      await harness.write(60);
      const waiting = await harness.until(what, (status) => status.state === state && relay.answered > 0 && reason.test(status.reason ?? ''));
      expect(waiting.backlogBytes).to.be.greaterThan(0);
      relay.bulkAnswer = undefined;
      const { counters } = await harness.drained();
      expect(counters.deadLetters).to.equal(0);
      expect(await harness.ids()).to.deep.equal([...harness.written].sort());
    });
  }
});

describe('records that are all refused for good', () => {
  it('make the export say so until one is written', async () => {
    const relay = await Relay.start(cluster().url);
    const harness = await ExportHarness.make({ urls: [relay.url] }, { urls: [cluster().url] });
    try {
      await harness.write(3);
      const refused = { create: { _index: harness.daily(), status: 400, error: { type: 'document_parsing_exception', reason: 'failed to parse field [timestamp]' } } };
      relay.bulkAnswer = { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errors: true, items: [refused, refused, refused] }) };
      await harness.start();
      const { reason, fix } = await harness.until('refused', ({ state, counters }) => state === 'holding' && counters.deadLetters === 3);
      expect(reason).to.match(/refuses every record for good \(3 since one was last written\)/);
      expect(fix).to.match(/gateway telemetry retry/);
      relay.bulkAnswer = undefined;
      await harness.write(1);
      expect((await harness.drained()).counters).to.include({ exported: 1, deadLetters: 3 });
    } finally {
      await harness.dispose();
      await relay.stop();
    }
  });
});

describe('a target that changes', () => {
  let relay: Relay;
  let harness: ExportHarness;

  beforeEach(async () => {
    relay = await Relay.start(cluster().url);
    harness = await ExportHarness.make({ urls: [relay.url] }, { urls: [cluster().url] });
  });
  afterEach(async () => {
    await harness.dispose();
    await relay.stop();
  });

  it('while it runs, to another cluster: it starts at the oldest record and says how many that is', async () => {
    const started = await harness.start();
    await harness.write(300);
    await harness.drained();
    // The old cluster's records are not in the new one.
    await harness.must('DELETE', `/${harness.daily()}`);
    relay.clusterUuid = 'another-cluster-uuid';
    relay.bulkAnswer = { status: 502 };
    await harness.write(50);
    await harness.until('broken', ({ state }) => state === 'backing-off');
    relay.bulkAnswer = undefined;
    relay.cut();
    await harness.until('the other', ({ target, backlogBytes, state }) => target?.clusterUuid === 'another-cluster-uuid' && backlogBytes === 0 && state === 'idle');
    await harness.drained();
    const told = started.logs.filter(({ message }) => message.includes('new export target'));
    expect(told).to.have.length(2);
    expect(told[1]?.fields).to.include({ cluster_uuid: 'another-cluster-uuid', records_about: 350 });
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });

  it('to another layout: it starts at the oldest record and says how many that is', async () => {
    await harness.write(40);
    const first = await harness.start();
    await harness.drained();
    expect(first.status()?.target).to.include({ layout: 'daily' });
    await harness.stop();
    await harness.must('DELETE', `/${harness.daily()}`);
    await harness.must('DELETE', `/_index_template/${harness.index}-template`);
    const started = await harness.start({ config: { layout: 'single' } });
    await harness.until('all', ({ counters }) => counters.exported === 40);
    const told = started.logs.find(({ message }) => message.includes('new export target'));
    expect(told?.fields).to.include({ layout: 'single', records_about: 40 });
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });
});
