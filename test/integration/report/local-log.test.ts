import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import type { LocalOptions } from '../../../src/report/duckdb-engine.js';
import { withDuckDb, type DuckDb } from '../../../src/report/duckdb-session.js';
import { parseQuery, type QueryFlags } from '../../../src/report/query.js';
import { runTop, type MetricsReport } from '../../../src/report/top.js';
import { telemetryPaths } from '../../../src/telemetry/layout.js';
import { openLog } from '../../../src/telemetry/log.js';
import { sampleLines, writeSegment } from './sample-records.js';

const BEGIN = Date.UTC(2026, 10, 20, 7);
const NOW = BEGIN + 86_400_000;
const LINES = sampleLines(600, BEGIN);
const [FIRST, SECOND, THIRD] = [LINES.slice(0, 200), LINES.slice(200, 400), LINES.slice(400)];

describe('metrics top on the local log', () => {
  let dir = '';
  let notes: string[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "gateway [log]* 'x'?-"));
    notes = [];
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const report = (flags: QueryFlags = {}, local: Partial<LocalOptions> = {}): Promise<MetricsReport> => runTop({
    query: parseQuery({ by: [''], since: '2026-11-20', ...flags }, NOW),
    source: 'local',
    local: { dir, maxBytes: 1e9, ...local },
    elasticsearch: { enabled: false, index: 'none', connect: () => Promise.reject(new Error('not to be asked')) },
    note: (text) => { notes.push(text); },
  });
  const requests = async (flags?: QueryFlags, local?: Partial<LocalOptions>): Promise<number> => (await report(flags, local)).rows[0]?.requests ?? 0;
  const cached = (): Promise<string[]> => readdir(telemetryPaths(dir).cache).catch(() => []);
  const failure = (work: Promise<unknown>): Promise<Failure> => work.then(() => { throw new Error('no failure'); }, (error: unknown) => {
    expect(error).to.be.instanceOf(Failure);
    return error as Failure;
  });

  it('says what to do where nothing is recorded', async () => {
    const found = await report({ by: ['provider'] }, { dir: join(dir, 'absent') });
    expect(found.rows).to.deep.equal([]);
    expect(notes).to.have.length(1);
    expect(notes[0]).to.match(/Nothing is recorded in .*absent yet\..*gateway serve/);
  });

  it('says where nothing lies in the range, or comes through the filters', async () => {
    await writeSegment(dir, 1, FIRST);
    expect((await report({ since: '2026-11-20T01:00', until: '2026-11-20T02:00' })).rows).to.deep.equal([]);
    expect(notes.pop()).to.match(/nothing from 2026-11-20T01:00:00.000Z to 2026-11-20T02:00:00.000Z\. Look further back/);
    expect((await report({ filter: ['provider=nobody'] })).rows).to.deep.equal([]);
    expect(notes.pop()).to.include('that the filters let through');
  });

  it('reads closed and open segments, and keeps Parquet of the closed ones beside them', async () => {
    await writeSegment(dir, 1, FIRST);
    await writeSegment(dir, 2, SECOND, process.pid);
    await writeSegment(dir, 3, THIRD, process.pid);
    const before = await report({ by: ['provider,model'], limit: 'all' });
    expect((await cached()).map((name) => name.split('.')[0])).to.have.members(['00000001-2147483645-test1', `00000002-${String(process.pid)}-test2`]);
    expect(await report({ by: ['provider,model'], limit: 'all' })).to.deep.equal(before);
    await rm(telemetryPaths(dir).cache, { recursive: true });
    expect(await report({ by: ['provider,model'], limit: 'all' })).to.deep.equal(before);
    expect(await requests()).to.equal(600);
    expect(notes).to.deep.equal([]);
  });

  it('reads the cache, not the segment, once it is there', async () => {
    const path = await writeSegment(dir, 1, FIRST);
    await requests();
    const [size, time] = [(await readFile(path)).length, new Date(BEGIN + 1_000_000)];
    await utimes(path, time, time);
    await requests();
    await writeFile(path, Buffer.alloc(size, '\n'));
    await utimes(path, time, time);
    expect(await requests()).to.equal(200);
    expect(await cached()).to.have.length(1);
  });

  it('sees what is appended after the cache was built', async () => {
    const path = await writeSegment(dir, 1, FIRST);
    expect(await requests()).to.equal(200);
    await appendFile(path, SECOND.join(''));
    expect(await requests()).to.equal(400);
    expect(await cached()).to.have.length(1);
  });

  it('counts broken lines, cached or not, and reads those around them', async () => {
    const broken = ['{"request_id":"01', 'no json', '[]', '{}', '\0\0\0', '"x"'].map((line) => `${line}\n`);
    await writeSegment(dir, 1, [...FIRST, ...broken, ...SECOND]);
    await writeSegment(dir, 2, Buffer.concat([Buffer.from('{"request_id":"'), Buffer.from([0xff, 0xfe]), Buffer.from(`"}\n${THIRD.join('')}`)]), process.pid);
    for (const round of ['first', 'cached']) {
      expect(await requests(), round).to.equal(600);
      expect(notes.pop(), round).to.equal('Not counted: 7 lines of the log that cannot be read.');
    }
  });

  it('ignores a tail without newline, a whole record in it too', async () => {
    await writeSegment(dir, 1, FIRST.join('') + (SECOND[0] ?? '').trimEnd());
    await writeSegment(dir, 2, THIRD.join('') + (SECOND[1] ?? '').slice(0, 100), process.pid);
    await writeSegment(dir, 3, (SECOND[2] ?? '').slice(0, 50));
    await writeSegment(dir, 4, '');
    for (let round = 0; round < 2; round++) {
      expect(await requests()).to.equal(400);
      expect(notes).to.deep.equal([]);
    }
  });

  it('works without a cache where its folder cannot be written', async () => {
    await writeSegment(dir, 1, FIRST);
    await writeSegment(dir, 2, SECOND);
    await writeFile(telemetryPaths(dir).cache, 'a file where the folder should be');
    expect(await requests()).to.equal(400);
  });

  it('builds no cache that would drive records out of the log', async () => {
    await writeSegment(dir, 1, FIRST);
    const bytes = FIRST.join('').length;
    expect(await requests({}, { maxBytes: bytes })).to.equal(200);
    expect(await cached()).to.deep.equal([]);
    expect(await requests({}, { maxBytes: bytes * 2 })).to.equal(200);
    expect(await cached()).to.have.length(1);
  });

  it('makes a damaged cache anew', async () => {
    await writeSegment(dir, 1, FIRST);
    await requests();
    const [name] = await cached();
    await truncate(join(telemetryPaths(dir).cache, String(name)), 100);
    expect(await requests()).to.equal(200);
    expect(await requests()).to.equal(200);
  });

  it('reads on without a segment that retention removes in the middle', async () => {
    const paths = [await writeSegment(dir, 1, FIRST), await writeSegment(dir, 2, SECOND)];
    await mkdir(telemetryPaths(dir).cache);
    await report();
    let rounds = 0;
    const onSources = async ({ parquet }: { parquet: readonly string[] }): Promise<void> => {
      if (rounds++ > 0) return;
      await rm(String(paths[0]));
      await rm(String(parquet.find((path) => basename(path).startsWith('00000001'))));
    };
    expect(await requests({}, { onSources })).to.equal(200);
    expect(rounds).to.equal(2);
    expect(notes).to.deep.equal([]);
  });

  it('gives up in one sentence where files go faster than they are read', async () => {
    await writeSegment(dir, 1, FIRST);
    const onSources = async (): Promise<void> => { await rm(telemetryPaths(dir).cache, { recursive: true }); };
    const { code, exitCode, message } = await failure(report({}, { onSources }));
    expect({ code, exitCode }).to.deep.equal({ code: 'log_unreadable', exitCode: 1 });
    expect(message).to.not.include('\n');
  });

  it('names the other source where DuckDB is not installed', async () => {
    await writeSegment(dir, 1, FIRST);
    const { code, fix } = await failure(report({}, { load: () => Promise.reject(new Error("Cannot find package '@duckdb/node-api'")) }));
    expect(code).to.equal('duckdb_missing');
    expect(fix).to.include('--source elasticsearch');
  });

  it('binds the values of filters', async () => {
    await writeSegment(dir, 1, FIRST);
    for (const value of ["x' OR '1'='1", "'; DROP TABLE open_segments; --", '?']) {
      expect(await requests({ filter: [`model=${value}`] })).to.equal(0);
      expect(await requests({ filter: [`model!=${value}`] })).to.equal(200);
    }
  });

  it('counts each record once while the log is being written and rotated', async () => {
    const log = await openLog({ dir, fsync: 'never', maxSegmentBytes: 40_000 });
    let written = 0;
    const writing = (async () => {
      for (const line of LINES) {
        void log.append(line);
        written++;
        if (written % 5 === 0) await setTimeout(1);
      }
    })();
    for (let done = false; !done;) {
      done = written === LINES.length;
      const atLeast = written;
      const counted = await requests();
      expect(counted).to.be.within(atLeast, written);
      expect(notes.filter((text) => text.startsWith('Not counted'))).to.deep.equal([]);
    }
    await writing;
    await log.close();
    expect(await requests()).to.equal(LINES.length);
  });

  it('shows as many rows as were asked for, and says how many there are', async () => {
    await writeSegment(dir, 1, FIRST);
    expect((await report({ by: ['request_id'], limit: '3' })).rows).to.have.length(3);
    expect(notes.pop()).to.equal('3 of 200 groups are shown; --limit all shows every one.');
    expect((await report({ by: ['request_id'], limit: 'all' })).rows).to.have.length(200);
    expect(notes).to.deep.equal([]);
  });

  it('leaves out segments that ended long before the range', async () => {
    const path = await writeSegment(dir, 1, FIRST);
    await writeSegment(dir, 2, SECOND);
    const old = new Date(BEGIN - 3 * 86_400_000);
    await utimes(path, old, old);
    expect(await requests()).to.equal(200);
    expect((await cached()).map((name) => name.slice(0, 8))).to.deep.equal(['00000002']);
  });

  it('downloads no extension, and bounds threads, memory and where it spills', async () => {
    const [row] = await withDuckDb(({ rows, tempDir }) => rows(`SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions'),
      current_setting('temp_directory') = '${tempDir}', current_setting('threads') <= 8, current_setting('memory_limit') LIKE '%iB'`));
    expect(row).to.deep.equal([false, false, true, true, true]);
  });

  it('sets those bounds itself: what DuckDB would take grows with the machine', async () => {
    const duckDb = await import('@duckdb/node-api');
    let given: Readonly<Record<string, string>> = {};
    const DuckDBInstance = {
      create: (path: string, settings: Record<string, string>) => {
        given = settings;
        return duckDb.DuckDBInstance.create(path, settings);
      },
    };
    const tempDir = await withDuckDb((session) => Promise.resolve(session.tempDir), () => Promise.resolve({ ...duckDb, DuckDBInstance } as unknown as DuckDb));
    expect(given).to.include({ temp_directory: tempDir, autoinstall_known_extensions: 'false', autoload_known_extensions: 'false', allow_community_extensions: 'false' });
    expect(Number(given['threads'])).to.be.within(1, 8);
    expect(given['memory_limit']).to.match(/^\d+MiB$/);
    expect(Number.parseInt(given['memory_limit'] ?? '', 10)).to.be.within(256, 4096).and.at.most(Math.max(256, totalmem() / 2 ** 21 + 1));
  });
});
