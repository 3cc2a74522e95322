import { expect } from 'chai';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { enforceRetention, type RetentionOptions, type RetentionResult } from '../../../src/telemetry/retention.js';
import { testFolder } from './folder.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 25);

describe('retention', () => {
  const folder = testFolder();
  /** A file of so many lines of ten bytes, last written so many days ago. */
  async function file(name: string, lines: number, ageDays: number, tail = ''): Promise<void> {
    const path = join(folder.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '{"n":123}\n'.repeat(lines) + tail);
    const at = new Date(NOW - ageDays * DAY);
    await utimes(path, at, at);
  }
  const segment = (sequence: number, writer = '1-aaaaaa'): string => `${String(sequence).padStart(8, '0')}-${writer}.ndjson`;
  const run = (options: Partial<RetentionOptions> = {}): Promise<RetentionResult> => enforceRetention({
    dir: folder.path, maxBytes: 1_000_000, retentionMs: 30 * DAY, onFull: 'drop-oldest', exported: () => true, liveWriters: new Set(), now: { wall: NOW, monotonic: 0 }, ...options,
  });
  const names = ({ removed }: RetentionResult): string[] => removed.map(({ name, reason }) => `${name.slice(6, 8)} ${reason}`);

  it('removes what is exported and older than the limit, nothing younger', async () => {
    await file(segment(1), 1, 40);
    await file(segment(2), 1, 31);
    await file(segment(3), 1, 29);
    const result = await run();
    expect(names(result)).to.deep.equal(['01 age', '02 age']);
    expect(await folder.segments()).to.deep.equal([segment(3)]);
    expect(result).to.deep.include({ bytes: 10, full: false, lost: { segments: 0, records: 0, bytes: 0 } });
  });
  it('never removes for its age what is not exported', async () => {
    await file(segment(1), 1, 400);
    expect((await run({ exported: () => false })).removed).to.deep.equal([]);
  });
  it('over the size: exported segments go first, oldest first, and only as many as it takes', async () => {
    for (let i = 1; i <= 5; i++) await file(segment(i), 10, 1);
    const result = await run({ maxBytes: 250, exported: ({ sequence }) => sequence !== 1 });
    expect(names(result)).to.deep.equal(['02 size', '03 size', '04 size']);
    expect(result).to.deep.include({ bytes: 200, full: false, lost: { segments: 0, records: 0, bytes: 0 } });
  });
  it('drop-oldest: then the oldest that are not exported, counted', async () => {
    for (let i = 1; i <= 4; i++) await file(segment(i), 10, 1);
    const result = await run({ maxBytes: 250, exported: () => false, settledBytes: ({ sequence }) => (sequence === 1 ? 30 : 0) });
    expect(names(result)).to.deep.equal(['01 size', '02 size']);
    expect(result.lost).to.deep.equal({ segments: 2, records: 17, bytes: 170 });
  });
  it('a torn tail is no lost record', async () => {
    await file(segment(1), 3, 1, '{"torn":');
    await file(segment(2), 1, 1);
    expect((await run({ maxBytes: 20, exported: () => false })).lost.records).to.equal(3);
  });
  it('refuse-requests: nothing unexported goes; it is full', async () => {
    for (let i = 1; i <= 4; i++) await file(segment(i), 10, 1);
    const result = await run({ maxBytes: 250, exported: ({ sequence }) => sequence === 1, onFull: 'refuse-requests' });
    expect(names(result)).to.deep.equal(['01 size']);
    expect(result).to.deep.include({ bytes: 300, full: true });
  });
  it('what a living writer appends to is never touched; what it has left behind is', async () => {
    for (let i = 1; i <= 3; i++) await file(segment(i, '1-aaaaaa'), 10, 100);
    await file(segment(2, '2-bbbbbb'), 10, 100);
    const result = await run({ maxBytes: 1, liveWriters: new Set(['1-aaaaaa', '2-bbbbbb']) });
    expect(result.removed.map(({ name }) => name)).to.deep.equal([segment(1, '1-aaaaaa'), segment(2, '1-aaaaaa')]);
    expect(result).to.deep.include({ full: true, bytes: 200 });
  });
  it('closed segments without a line go at once', async () => {
    await file(segment(1), 0, 0);
    await file(segment(2), 0, 0);
    expect(names(await run({ exported: () => false, liveWriters: new Set(['1-aaaaaa']) }))).to.deep.equal(['01 age']);
  });
  it('retry files, dead letters and the cache count; the cache goes before any record', async () => {
    await file(segment(1), 10, 1);
    await file('cache/00000001-1-aaaaaa.parquet', 10, 1);
    await file('cache/00000009-1-aaaaaa.parquet', 10, 1);
    await file('retry/x.ndjson', 10, 1);
    await file('dead-letters/x.ndjson', 10, 1);
    const result = await run({ maxBytes: 350 });
    expect(result).to.deep.include({ removed: [], removedCacheFiles: 2, bytes: 300, full: false });
    expect(await readdir(join(folder.path, 'retry'))).to.have.length(1);
    expect(await readdir(join(folder.path, 'dead-letters'))).to.have.length(1);
  });
  it('a segment takes its cache files along', async () => {
    await file(segment(1), 1, 40);
    await file(segment(2), 1, 1);
    await file('cache/00000001-1-aaaaaa.parquet', 1, 1);
    await file('cache/00000002-1-aaaaaa.parquet', 1, 1);
    await run();
    expect(await readdir(join(folder.path, 'cache'))).to.deep.equal(['00000002-1-aaaaaa.parquet']);
  });
  it('other files and a folder that is not there are no matter', async () => {
    await file('instance', 1, 400);
    await file('lock', 1, 400);
    expect((await run()).removed).to.deep.equal([]);
    expect(await readdir(folder.path)).to.have.length(2);
    expect(await run({ dir: join(folder.path, 'nope') })).to.deep.include({ bytes: 0, full: false });
  });
  it('after a jump of the clock age rests for a day, size does not', async () => {
    await file(segment(1), 10, 400);
    await file(segment(2), 10, 400);
    const first = await run({ now: { wall: NOW - 399 * DAY, monotonic: 0 } });
    const jumped = await run({ now: { wall: NOW, monotonic: 10_000 }, previous: first.reading });
    expect(jumped.removed).to.deep.equal([]);
    expect(jumped.clockJumpMs).to.be.closeTo(399 * DAY, 20_000);
    const resting = await run({ now: { wall: NOW + DAY / 2, monotonic: 10_000 + DAY / 2 }, previous: jumped.reading, maxBytes: 150 });
    expect(names(resting)).to.deep.equal(['01 size']);
    expect(resting.clockJumpMs).to.equal(undefined);
    const later = await run({ now: { wall: NOW + DAY + 1, monotonic: 10_001 + DAY }, previous: resting.reading });
    expect(names(later)).to.deep.equal(['02 age']);
  });
});
