import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { emptyCursor, readCursor, readLatestCursor, settledOf, targetKey, writeCursor, type Cursor } from '../../../src/telemetry/cursor.js';

const target = { clusterUuid: 'uuid-1', index: 'ai-gateway-metrics', layout: 'daily' };
const cursor: Cursor = { target, done: new Set(['00000001-1-a.ndjson']), open: new Map([['00000002-1-a.ndjson', 120]]), retry: new Map([['r.ndjson', 3]]) };

describe('cursor', () => {
  let dir: string;
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'gateway-cursor-')); });
  afterEach(() => rm(dir, { recursive: true }));

  it('comes back as it was written, and leaves no draft', async () => {
    expect(await readCursor(dir, target)).to.equal(undefined);
    await writeCursor(dir, emptyCursor(target));
    await writeCursor(dir, cursor);
    expect(await readCursor(dir, target)).to.deep.equal(cursor);
    expect(await readdir(join(dir, 'cursors'))).to.deep.equal([`${targetKey(target)}.json`]);
  });

  it('is another one for another cluster, index or layout', async () => {
    await writeCursor(dir, cursor);
    for (const change of [{ clusterUuid: 'uuid-2' }, { index: 'other' }, { layout: 'single' }]) {
      expect(await readCursor(dir, { ...target, ...change })).to.equal(undefined);
    }
  });

  it('counts as none where it cannot be read', async () => {
    await writeCursor(dir, cursor);
    for (const text of ['', '{', '[]', 'null', '{"version":2}', JSON.stringify({ version: 1, cluster_uuid: 1 })]) {
      await writeFile(join(dir, 'cursors', `${targetKey(target)}.json`), text);
      expect(await readCursor(dir, target), text).to.equal(undefined);
    }
  });

  it('ignores offsets that are none', async () => {
    await writeCursor(dir, cursor);
    await writeFile(join(dir, 'cursors', `${targetKey(target)}.json`), JSON.stringify({
      version: 1, cluster_uuid: 'u', index: 'i', layout: 'daily', done: [1, 'a'], open: { a: -1, b: 1.5, c: '7', d: 7 }, retry: null,
    }));
    const read = await readCursor(dir, target);
    expect([...read?.open ?? []]).to.deep.equal([['d', 7]]);
    expect([...read?.done ?? []]).to.deep.equal(['a']);
    expect(read?.retry.size).to.equal(0);
  });

  it('finds the one that was written last for an index', async () => {
    const other = { ...cursor, target: { ...target, clusterUuid: 'uuid-2' } };
    await writeCursor(dir, other);
    await writeCursor(dir, cursor);
    await utimes(join(dir, 'cursors', `${targetKey(other.target)}.json`), 2_000_000_000, 2_000_000_000);
    expect((await readLatestCursor(dir, target.index))?.target.clusterUuid).to.equal('uuid-2');
    expect(await readLatestCursor(dir, target.index, 'single')).to.equal(undefined);
    expect(await readLatestCursor(dir, 'other')).to.equal(undefined);
  });

  it('tells the settled bytes of a segment', () => {
    expect(settledOf(cursor, '00000001-1-a.ndjson', 500)).to.equal(500);
    expect(settledOf(cursor, '00000002-1-a.ndjson', 500)).to.equal(120);
    expect(settledOf(cursor, '00000002-1-a.ndjson', 50)).to.equal(50);
    expect(settledOf(cursor, '00000003-1-a.ndjson', 500)).to.equal(0);
  });
});
