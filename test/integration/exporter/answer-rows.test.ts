import { expect } from 'chai';
import { ensureObjects } from '../../../src/elastic/ensure-objects.js';
import { writerRole } from '../../../src/elastic/roles.js';
import { backfill } from '../../../src/exporter/backfill.js';
import { deadLetters } from '../../../src/telemetry/dead-letters.js';
import { Admin } from '../elastic/cluster.js';
import { ExportHarness } from './harness.js';

const DAY = 24 * 3_600_000;

describe('answers to single documents', () => {
  let harness: ExportHarness;
  let admin: Admin;

  beforeEach(async () => {
    admin = new Admin();
    harness = await ExportHarness.make();
  });
  afterEach(async () => {
    await harness.dispose();
    await admin.elastic.close();
  });

  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };
  const mapping = async (): Promise<Record<string, unknown>> => (await admin.template(harness.index)).template.mappings;

  describe('403 security_exception', () => {
    let name: string;
    beforeEach(async () => {
      name = `${harness.index}-writer`;
      const role = writerRole(harness.index);
      expect(await ensureObjects(harness.admin, harness.elasticsearch)).to.have.property('ready', true);
      await harness.start({ config: await admin.user(name, role.cluster, role.indices) });
      await harness.write(5);
      await harness.drained();
    });
    afterEach(() => admin.dropUser(name));

    /** The same role, its right to create documents moved to other indices or gone. */
    const take = async (...elsewhere: string[]): Promise<void> => {
      const { cluster, indices } = writerRole(harness.index);
      const without = indices.map((each) => ({ ...each, privileges: each.privileges.filter((one) => one !== 'create_doc') }));
      await admin.must('PUT', `/_security/role/${name}`, { cluster, indices: [...without, ...elsewhere.map((other) => ({ names: [other], privileges: ['create_doc'] }))] });
    };
    const giveBack = async (): Promise<void> => {
      await admin.must('PUT', `/_security/role/${name}`, writerRole(harness.index));
      const { counters } = await harness.drained();
      expect(counters.deadLetters).to.equal(0);
      await all();
    };

    it('of documents: their index waits until the privilege is back', async () => {
      await take(`another-${harness.index}`);
      await harness.write(30);
      const { heldIndices } = await harness.until('held', (status) => status.heldIndices.length > 0);
      expect(heldIndices[0]?.reason).to.match(/403 security_exception/);
      await giveBack();
    });

    it('of whole requests: the export waits until the privilege is back', async () => {
      await take();
      await harness.write(30);
      const { reason, heldIndices } = await harness.until('held', ({ state }) => state === 'holding');
      expect(reason).to.match(/HTTP 403 security_exception/);
      expect(heldIndices).to.deep.equal([]);
      await giveBack();
    });
  });

  it('400 strict_dynamic_mapping_exception and an immense term: dead letters, and they alone', async () => {
    await harness.start();
    await harness.write(5);
    await harness.drained();
    await harness.must('PUT', `/${harness.daily()}/_mapping`, { dynamic: 'strict', properties: { kk: { type: 'keyword' } } });
    const log = await harness.log();
    const time = new Date().toISOString();
    void log.append(`{"request_id":"01ARZ3NDEKTSV4RRFFQ69G5FA0","timestamp":"${time}","unknown_field":1}\n`);
    void log.append(`{"request_id":"01ARZ3NDEKTSV4RRFFQ69G5FA1","timestamp":"${time}","kk":"${'x'.repeat(40_000)}"}\n`);
    await harness.write(50);
    const { counters } = await harness.drained();
    expect(counters.deadLetters).to.equal(2);
    await all();
    const found = new Map<string, { type: string; reason: string }>();
    for await (const letter of deadLetters(harness.dir)) found.set(letter.request_id, letter);
    expect(found.get('01ARZ3NDEKTSV4RRFFQ69G5FA0')?.type).to.equal('strict_dynamic_mapping_exception');
    // 7.17 has no type of its own for it.
    expect(found.get('01ARZ3NDEKTSV4RRFFQ69G5FA1')?.type).to.match(/^(document_parsing_exception|illegal_argument_exception)$/);
    expect(found.get('01ARZ3NDEKTSV4RRFFQ69G5FA1')?.reason).to.match(/kk/);
  });

  it('400 of a name that is taken: that index waits, and resumes when the name is free', async () => {
    const { logs } = await harness.start();
    await harness.write(5);
    await harness.drained();
    // What the old index held goes with it.
    harness.written.splice(0);
    await harness.must('DELETE', `/${harness.daily()}`);
    const others = [`one-${harness.index}`, `other-${harness.index}`];
    try {
      for (const other of others) await harness.must('PUT', `/${other}`, { aliases: { [harness.daily()]: {} } });
      await harness.write(30);
      await harness.until('held', ({ heldIndices }) => heldIndices.length === 1);
      expect(logs.find(({ message }) => message.includes('takes no records'))?.fields['reason']).to.match(/400 illegal_argument_exception: no write index/);
    } finally {
      for (const other of others) await harness.must('DELETE', `/${other}`);
    }
    const { counters } = await harness.drained();
    expect(counters.deadLetters).to.equal(0);
    await all();
  });

  it('400 of a kind that no row knows: again and again, never done and never dead', async () => {
    expect(await ensureObjects(harness.admin, harness.elasticsearch)).to.have.property('ready', true);
    const { states } = await harness.start();
    await harness.write(1);
    await harness.drained();
    // Behind the exporter's back, which has looked at the index already.
    await harness.must('DELETE', `/${harness.daily()}`);
    harness.written.length = 0;
    await harness.must('PUT', `/${harness.daily()}`, { mappings: { ...await mapping(), _routing: { required: true } } });
    await harness.write(40);
    const { lastError, counters } = await harness.until('set aside', ({ heldIndices }) => heldIndices.length === 1);
    expect(lastError).to.match(/400 routing_missing_exception/);
    expect(states).to.include('backing-off');
    expect([counters.exported, counters.deadLetters]).to.deep.equal([1, 0]);
    await harness.must('DELETE', `/${harness.daily()}`);
    await harness.drained();
    await all();
  });

  it('a day that the lifecycle deleted, which DELETE stands in for: counted as expired, and back only when told', async () => {
    const old = Date.now() - 40 * DAY;
    const config = { elasticsearch: harness.elasticsearch, telemetry: { dir: harness.dir, fsync: 'never', maxBytes: 2 ** 30, retentionMs: 90 * DAY, onFull: 'drop-oldest' } } as const;
    const range = { since: 0, until: Date.now() + DAY };
    await harness.write(7, { receivedAt: old });
    expect(await backfill(harness.admin, config, { ...range, includeExpired: true })).to.include({ created: 7 });
    await harness.must('DELETE', `/${harness.daily(old)}`);
    await harness.write(3);
    const { logs } = await harness.start();
    const { counters } = await harness.drained();
    expect(counters).to.include({ expired: 7, exported: 3 });
    expect(logs.filter(({ message }) => message.includes('counted as expired'))).to.have.length(1);
    expect((await harness.ask('HEAD', `/${harness.daily(old)}`)).status).to.equal(404);
    expect(await backfill(harness.admin, config, { ...range, includeExpired: true })).to.include({ created: 7, existing: 3 });
    await all();
  });
});
