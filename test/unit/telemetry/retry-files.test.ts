import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { emptyCursor, type Cursor } from '../../../src/telemetry/cursor.js';
import { linesOf, type Chunk } from '../../../src/telemetry/line-reader.js';
import { retryBytes, RetryFiles } from '../../../src/telemetry/retry-files.js';
import { Settlement } from '../../../src/telemetry/settlement.js';

const target = { clusterUuid: 'u', index: 'i', layout: 'daily' };
const lines = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(`${text}\n`));
const texts = (chunk: Chunk | undefined): string[] => (chunk === undefined ? [] : [...linesOf(chunk)].map(String));

describe('retry files', () => {
  let dir: string;
  let now = 0;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gateway-retry-'));
    now = 1_000;
  });
  afterEach(() => rm(dir, { recursive: true }));

  const load = async (cursor: Cursor = emptyCursor(target)): Promise<{ files: RetryFiles; settlement: Settlement }> => {
    const settlement = new Settlement();
    return { settlement, files: await RetryFiles.load({ dir, cursor, settlement, rests: () => 500, clock: () => now }) };
  };
  const names = (): Promise<string[]> => readdir(join(dir, 'retry'));

  it('gives lines back after their rest, and removes the file once it is settled', async () => {
    const { files, settlement } = await load();
    await files.append('confirm', lines('a', 'b'));
    expect(await files.next('confirm')).to.equal(undefined);
    await files.sealOlderThan(0);
    expect(await files.next('confirm')).to.equal(undefined);
    now += 500;
    const chunk = await files.next('confirm');
    expect(texts(chunk)).to.deep.equal(['a\n', 'b\n']);
    expect(files.bytes).to.equal(4);
    settlement.skip(chunk?.file ?? '', chunk?.end ?? 0);
    expect(await files.next('confirm')).to.equal(undefined);
    expect((await files.progress()).size).to.equal(0);
    expect(await names()).to.deep.equal([]);
    await files.close();
  });

  it('gives a few early for a probe, and all when it is woken', async () => {
    const { files } = await load();
    await files.append('again-2026-01-01', lines('a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)));
    const probe = await files.next('again-2026-01-01', { early: true, maxBytes: 60 });
    expect(texts(probe)).to.have.length(1);
    expect(await files.next('again-2026-01-01')).to.equal(undefined);
    await files.wake('again-2026-01-01');
    expect(texts(await files.next('again-2026-01-01'))).to.have.length(2);
    await files.close();
  });

  it('takes up after a restart where the cursor stands', async () => {
    const first = await load();
    await first.files.append('again-all', lines('a', 'b', 'c'));
    await first.files.close();
    const [name = ''] = await names();
    const cursor = { ...emptyCursor(target), retry: new Map([[name, 4]]) };
    expect(await retryBytes(dir, cursor)).to.equal(2);
    const { files } = await load(cursor);
    expect(files.queues()).to.deep.equal(['again-all']);
    now += 500;
    expect(texts(await files.next('again-all'))).to.deep.equal(['c\n']);
    await files.append('again-all', lines('d'));
    expect(new Set(await names()).size).to.equal(2);
    await files.close();
  });

  it('keeps targets apart', async () => {
    const first = await load();
    await first.files.append('again-all', lines('a'));
    await first.files.close();
    const other = await load(emptyCursor({ ...target, clusterUuid: 'other' }));
    expect(other.files.queues()).to.deep.equal([]);
    await other.files.close();
  });

  it('keeps every line when many come at once', async () => {
    const { files } = await load();
    await Promise.all(Array.from({ length: 50 }, (_, i) => files.append('again-all', lines(`line-${String(i)}`))));
    await files.wake('again-all');
    const found: string[] = [];
    for (let chunk = await files.next('again-all'); chunk !== undefined; chunk = await files.next('again-all')) found.push(...texts(chunk));
    expect(found.sort()).to.deep.equal(Array.from({ length: 50 }, (_, i) => `line-${String(i)}\n`).sort());
    await files.close();
  });
});
