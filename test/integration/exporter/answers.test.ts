import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseDeadLetter } from '../../../src/telemetry/dead-letters.js';
import { ExportHarness, sleep } from './harness.js';

describe('answers of a healthy cluster\'s indices', () => {
  let harness: ExportHarness;

  beforeEach(async () => { harness = await ExportHarness.make(); });
  afterEach(() => harness.dispose());

  const DAY = 24 * 3_600_000;
  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };

  it('waits for a closed index alone and resumes by itself', async () => {
    const closed = Date.now() - DAY;
    await harness.start();
    await harness.write(20, { receivedAt: closed });
    await harness.drained();
    await harness.must('POST', `/${harness.daily(closed)}/_close`);
    await harness.write(300, (i) => ({ receivedAt: i % 2 === 0 ? closed : Date.now() }));
    const held = await harness.until('held', ({ heldIndices, counters }) => heldIndices.length > 0 && counters.exported === 170);
    expect(held.heldIndices[0]).to.include({ index: harness.daily(closed) });
    expect(held.state).to.equal('holding');
    expect(held.reason).to.match(/index_closed_exception/);
    await harness.must('POST', `/${harness.daily(closed)}/_open`);
    await harness.drained();
    await all();
  });

  it('waits for a write block to be lifted', async () => {
    await harness.start();
    await harness.write(10);
    await harness.drained();
    await harness.must('PUT', `/${harness.daily()}/_settings`, { 'index.blocks.write': true });
    await harness.write(200);
    const { reason } = await harness.until('held', ({ state }) => state === 'holding');
    expect(reason).to.match(/cluster_block_exception/);
    await harness.must('PUT', `/${harness.daily()}/_settings`, { 'index.blocks.write': null });
    await harness.drained();
    await all();
  });

  it('backs off under a flood-stage block, sets records aside after five refusals, and resumes', async () => {
    await harness.start();
    await harness.write(10);
    await harness.drained();
    const block = (value: true | null): Promise<unknown> => harness.must('PUT', `/${harness.daily()}/_settings`, { 'index.blocks.read_only_allow_delete': value });
    const stop = new AbortController();
    const full = (): boolean => !stop.signal.aborted;
    await block(true);
    // Elasticsearch looks at its disks every 30 s, finds room, and lifts the block by itself.
    const kept = (async () => { while (full()) { await sleep(100); await block(true); } })();
    await harness.write(200);
    try {
      await harness.until('backing off', ({ state, reason }) => state === 'backing-off' && reason?.includes('429') === true);
      await harness.until('set aside', ({ retryBytes }) => retryBytes > 0);
    } finally {
      stop.abort();
    }
    await kept;
    await block(null);
    const { counters } = await harness.drained();
    expect(counters.deadLetters).to.equal(0);
    await all();
  });

  it('buries what the mapping refuses, and that alone', async () => {
    const index = harness.daily();
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.must('PUT', `/${index}/_mapping`, { properties: { zz: { type: 'long' } } });
    const log = await harness.log();
    const bad: string[] = [];
    for (let i = 0; i < 3; i++) {
      const id = `01ARZ3NDEKTSV4RRFFQ69G5F0${String(i)}`;
      bad.push(id);
      void log.append(`{"request_id":"${id}","timestamp":"${new Date().toISOString()}","zz":"no number"}\n`);
    }
    await harness.write(50);
    const { counters } = await harness.drained();
    expect(counters.deadLetters).to.equal(3);
    await all();
    const folder = join(harness.dir, 'dead-letters');
    const text = (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))).join('');
    const entries = text.trim().split('\n').map(parseDeadLetter);
    expect(entries.map((entry) => entry?.request_id)).to.have.members(bad);
    expect(entries[0]?.type).to.match(/^(document|mapper)_parsing_exception$/);
    expect(entries[0]?.reason).to.match(/zz/);
    expect(JSON.parse(entries[0]?.line ?? '')).to.include({ zz: 'no number' });
  });

  it('never writes into an index that it did not map', async () => {
    await harness.must('PUT', `/${harness.daily()}`, { mappings: { properties: { provider: { type: 'text' } } } });
    await harness.start();
    await harness.write(10);
    const waiting = await harness.until('waiting', ({ state }) => state === 'waiting-for-template');
    expect(waiting.reason).to.match(/provider is text/);
    expect(waiting.fix).to.match(/another ELASTICSEARCH_INDEX/);
    expect(await harness.ids()).to.deep.equal([]);
    await harness.must('DELETE', `/${harness.daily()}`);
    await harness.drained();
    await all();
  });

  it('ends at a data stream too, with @timestamp', async function () {
    const { version } = await harness.must('GET', '/') as { version: { number: string } };
    await harness.dispose();
    harness = await ExportHarness.make({ layout: 'data-stream' });
    if (version.number.startsWith('7.')) {
      // 7.17's test distribution has no data streams: the exporter must wait, and lose nothing.
      await harness.start();
      await harness.write(5);
      await harness.until('waiting', ({ state }) => state === 'waiting-for-template');
      return;
    }
    await harness.start();
    await harness.write(40);
    await harness.drained();
    await all();
    const answer = await harness.must('POST', `/${harness.index}/_search`, { size: 1 }) as { hits: { hits: { _source: Record<string, unknown> }[] } };
    expect(answer.hits.hits[0]?._source['@timestamp']).to.equal(answer.hits.hits[0]?._source['timestamp']).and.to.be.a('string');
  });

  it('ships into a single index', async () => {
    await harness.dispose();
    harness = await ExportHarness.make({ layout: 'single' });
    await harness.write(40);
    await harness.start();
    await harness.drained();
    await all();
    await harness.must('POST', `/${harness.index}/_close`);
    await harness.write(30);
    await harness.until('held', ({ state }) => state === 'holding' || state === 'waiting-for-template');
    await harness.must('POST', `/${harness.index}/_open`);
    await harness.drained();
    await all();
  });

  it('resumes when a password is corrected in its file', async () => {
    const file = join(harness.dir, 'password');
    const { password, ...config } = harness.elasticsearch;
    await writeFile(file, 'wrong\n');
    await harness.write(10);
    const { password: _, ...without } = config as typeof config & { password?: string };
    await harness.start({ config: { ...without, passwordFile: file } });
    const held = await harness.until('held', ({ state }) => state === 'holding');
    expect(held.reason).to.match(/401/);
    expect(held.fix).to.match(/without a restart/);
    await sleep(600);
    await writeFile(file, `${password ?? ''}\n`);
    await harness.drained();
    await all();
  });

  it('keeps records of a day that the lifecycle has deleted out', async () => {
    const old = Date.now() - 40 * DAY;
    await harness.start();
    await harness.write(7, { receivedAt: old });
    const gone = harness.written.splice(0);
    await harness.write(5);
    const { counters } = await harness.drained();
    expect(counters.expired).to.equal(gone.length);
    await all();
    expect((await harness.ask('HEAD', `/${harness.daily(old)}`)).status).to.equal(404);
  });
});
