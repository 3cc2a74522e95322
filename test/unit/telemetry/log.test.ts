import { expect } from 'chai';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLog, type LogEvent, type LogOptions, type TelemetryLog } from '../../../src/telemetry/log.js';
import { FILE_IO, type SegmentIo } from '../../../src/telemetry/segment-file.js';
import { parseSegmentName } from '../../../src/telemetry/segments.js';
import { testFolder } from './folder.js';
import { POSIX } from '../../support/posix.js';

const line = (n: number): string => `{"n":${String(n).padStart(4, '0')}}\n`; // 11 bytes
const tick = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('the telemetry log', () => {
  const folder = testFolder();
  let log: TelemetryLog | undefined;
  const events: LogEvent[] = [];
  async function open(options: Partial<LogOptions> = {}): Promise<TelemetryLog> {
    log = await openLog({ dir: folder.path, fsync: 'never', onEvent: (event) => { events.push(event); }, ...options });
    return log;
  }
  /** The whole log in the order of its segments; torn tails as they are. */
  const content = async (): Promise<string> => (await Promise.all((await folder.segments()).map((name) => folder.read(name)))).join('');
  const eventTypes = (): string[] => events.map(({ type }) => type);

  beforeEach(() => { events.length = 0; });
  afterEach(async () => {
    await log?.close();
    log = undefined;
  });

  describe('files', () => {
    if (POSIX) it('are private, and so is the folder', async () => {
      const dir = join(folder.path, 'deep', 'log');
      const { currentSegment } = await open({ dir });
      expect((await stat(dir)).mode & 0o777).to.equal(0o700);
      expect((await stat(join(dir, currentSegment as string))).mode & 0o777).to.equal(0o600);
    });
    if (POSIX) it('an own folder that was open to others is closed; a folder of somebody else\'s things is left alone', async () => {
      await chmod(folder.path, 0o755);
      await (await open()).close();
      expect((await stat(folder.path)).mode & 0o777).to.equal(0o700);
      const home = join(folder.path, 'home');
      await mkdir(home, { mode: 0o755 });
      await chmod(home, 0o755);
      await writeFile(join(home, '.profile'), '');
      await open({ dir: home });
      expect((await stat(home)).mode & 0o777).to.equal(0o755);
    });
    it('names carry sequence, process and a random part; a line is there when append returns', async () => {
      const opened = await open();
      expect(opened.append(line(1))).to.equal(undefined);
      const [name] = await folder.segments();
      expect(name).to.equal(opened.currentSegment);
      expect(parseSegmentName(name as string)).to.deep.include({ sequence: 1, writer: opened.writer });
      expect(opened.writer).to.match(new RegExp(`^${process.pid}-[0-9a-z]{6}$`));
      expect(await content()).to.equal(line(1));
      expect(opened.stats()).to.deep.include({ linesWritten: 1, bytesWritten: 11, appendFailures: 0, ioErrors: 0, degradedSince: undefined });
    });
    it('each start opens a new segment above all that are there; nobody appends to an older one', async () => {
      await writeFile(join(folder.path, '00000041-1-abcdef.ndjson'), '{"torn":');
      await writeFile(join(folder.path, 'notes.txt'), '');
      const opened = await open();
      void opened.append(line(1));
      expect(parseSegmentName(opened.currentSegment as string)?.sequence).to.equal(42);
      expect(await folder.read('00000041-1-abcdef.ndjson')).to.equal('{"torn":');
    });
    it('two writers of one folder never share a file', async () => {
      const other = await openLog({ dir: folder.path, fsync: 'never' });
      const opened = await open();
      void opened.append(line(1));
      void other.append(line(2));
      expect(opened.currentSegment).to.not.equal(other.currentSegment);
      await other.close();
      expect((await content()).split('\n').sort()).to.deep.equal(['', line(1).trim(), line(2).trim()]);
    });
    it('an empty segment does not outlive its log', async () => {
      await (await open()).close();
      expect(await folder.segments()).to.deep.equal([]);
    });
    it('a log that was closed opens a new segment for what still comes', async () => {
      const opened = await open();
      void opened.append(line(1));
      await opened.close();
      expect(opened.currentSegment).to.equal(undefined);
      void opened.append(line(2));
      expect(await folder.segments()).to.have.length(2);
      expect(await content()).to.equal(line(1) + line(2));
    });
  });

  describe('rotation', () => {
    it('by size: no segment grows over the limit, no line is cut in two', async () => {
      const opened = await open({ maxSegmentBytes: 25 });
      for (let i = 0; i < 7; i++) void opened.append(line(i));
      await opened.close();
      const names = await folder.segments();
      expect(names.map((name) => parseSegmentName(name)?.sequence)).to.deep.equal([1, 2, 3, 4]);
      expect(await Promise.all(names.map((name) => folder.read(name)))).to.deep.equal([line(0) + line(1), line(2) + line(3), line(4) + line(5), line(6)]);
    });
    it('a line over the limit has a segment of its own', async () => {
      const opened = await open({ maxSegmentBytes: 5 });
      void opened.append(line(1));
      void opened.append(line(2));
      await opened.close();
      expect(await folder.segments()).to.have.length(2);
      expect(await content()).to.equal(line(1) + line(2));
    });
    it('by age, at the next line; an empty segment does not age', async () => {
      let now = 0;
      const opened = await open({ maxSegmentAgeMs: 1_000, clock: () => now });
      now = 5_000;
      void opened.append(line(1));
      now = 5_500;
      void opened.append(line(2));
      expect(await folder.segments()).to.have.length(1);
      now = 6_001;
      void opened.append(line(3));
      await opened.close();
      expect(await folder.segments()).to.have.length(2);
      expect(await content()).to.equal(line(1) + line(2) + line(3));
    });
  });

  describe('writes that fail', () => {
    /** The real file system, with one call after the other replaced by what the script says. */
    function faulty(script: { write?: ((fd: number, data: Buffer) => number)[]; create?: ((path: string) => number)[] }): SegmentIo {
      return {
        ...FILE_IO,
        write: (fd, data) => (script.write?.shift() ?? FILE_IO.write)(fd, data),
        create: (path) => (script.create?.shift() ?? FILE_IO.create)(path),
      };
    }
    const fails = (code: string) => (): never => { throw Object.assign(new Error(`${code}: no`), { code }); };
    const short = (bytes: number) => (fd: number, data: Buffer): number => FILE_IO.write(fd, data.subarray(0, bytes));

    it('a short write: the torn tail stays in its closed segment, the line goes whole into the next', async () => {
      const opened = await open({ io: faulty({ write: [FILE_IO.write, short(4)] }) });
      void opened.append(line(1));
      void opened.append(line(2));
      void opened.append(line(3));
      await opened.close();
      const [first, second] = await folder.segments();
      expect(await folder.read(first as string)).to.equal(line(1) + line(2).slice(0, 4));
      expect(await folder.read(second as string)).to.equal(line(2) + line(3));
      expect(opened.stats()).to.deep.include({ linesWritten: 3, appendFailures: 0, ioErrors: 1 });
      expect(opened.stats().lastError).to.include('short write');
      expect(events).to.deep.equal([]); // nothing was lost
    });
    it('a short write of several lines: those that are whole stay, the rest goes on in the next segment, none is there twice', async () => {
      const length = line(1).length;
      for (const [taken, whole] of [[length + 4, 1], [2 * length, 2], [3, 0], [0, 0]] as const) {
        const opened = await open({ io: faulty({ write: [short(taken)] }) });
        const before = await folder.segments();
        void opened.append(line(1) + line(2) + line(3), 3);
        const after = (await folder.segments()).filter((name) => !before.includes(name));
        expect(after, `${taken}: ${before.join()}`).to.have.length(1);
        expect(await folder.read(after[0] as string)).to.equal([line(1), line(2), line(3)].slice(whole).join(''));
        expect(opened.stats()).to.deep.include({ linesWritten: 3, bytesWritten: 3 * length, appendFailures: 0, ioErrors: 1 });
        await opened.close();
      }
      expect(events).to.deep.equal([]);
    });
    it('a disk that fills up in the middle of several lines: those that found no room are counted', async () => {
      const length = line(1).length;
      const opened = await open({ io: faulty({ write: [short(length + 4), fails('ENOSPC')] }) });
      expect(opened.append(line(1) + line(2) + line(3), 3)).to.equal(undefined);
      expect(opened.stats()).to.deep.include({ linesWritten: 1, bytesWritten: length, appendFailures: 2 });
      expect(eventTypes()).to.deep.equal(['degraded']);
      void opened.append(line(4) + line(5), 2);
      expect(events.at(-1)).to.deep.equal({ type: 'recovered', lost: 2 });
      expect(opened.stats()).to.deep.include({ linesWritten: 3, appendFailures: 2 });
    });
    it('an I/O error: the line goes into the next segment', async () => {
      const opened = await open({ io: faulty({ write: [fails('EIO')] }) });
      void opened.append(line(1));
      await opened.close();
      expect(await content()).to.equal(line(1));
      expect(opened.stats()).to.deep.include({ linesWritten: 1, appendFailures: 0, ioErrors: 1 });
    });
    it('a full disk: lines are lost and counted, said once, without a flood of files; then it goes on by itself', async () => {
      const full = Array.from({ length: 11 }, () => fails('ENOSPC'));
      const opened = await open({ io: faulty({ write: [FILE_IO.write, ...full] }) });
      void opened.append(line(0));
      for (let i = 1; i <= 10; i++) expect(opened.append(line(i))).to.equal(undefined);
      expect(opened.stats()).to.deep.include({ linesWritten: 1, appendFailures: 10 });
      expect(opened.stats().degradedSince).to.be.closeTo(Date.now(), 60_000);
      expect(eventTypes()).to.deep.equal(['degraded']);
      expect(await folder.segments()).to.have.length(2);
      void opened.append(line(11));
      expect(events.at(-1)).to.deep.equal({ type: 'recovered', lost: 10 });
      expect(opened.stats()).to.deep.include({ linesWritten: 2, appendFailures: 10, degradedSince: undefined });
      expect(await content()).to.equal(line(0) + line(11));
      expect(eventTypes()).to.deep.equal(['degraded', 'recovered']);
    });
    it('a disk so full that no file can be made: the same', async () => {
      const opened = await open({ io: faulty({ create: [FILE_IO.create, fails('ENOSPC'), fails('EDQUOT')], write: [fails('EIO'), fails('EIO'), fails('EIO')] }) });
      void opened.append(line(1));
      void opened.append(line(2));
      expect(opened.stats().appendFailures).to.equal(2);
      void opened.append(line(3));
      void opened.append(line(4));
      await opened.close();
      expect(await content()).to.include(line(4));
      expect(eventTypes()).to.include.members(['degraded', 'recovered']);
    });
    it('a disk that is full at the start does not keep the gateway from starting', async () => {
      const opened = await open({ io: faulty({ create: [fails('ENOSPC')] }) });
      expect(opened.currentSegment).to.equal(undefined);
      void opened.append(line(1));
      expect(await content()).to.equal(line(1));
    });
    it('a folder that cannot be written at the start is a Failure that names it', async () => {
      const error = await open({ io: faulty({ create: [fails('EACCES')] }) }).then(() => undefined, (cause: unknown) => cause);
      expect(error).to.include({ code: 'telemetry_dir_unwritable', exitCode: 2 }).and.have.property('message').that.includes(folder.path);
      await writeFile(join(folder.path, 'file'), '');
      expect(await open({ dir: join(folder.path, 'file', 'log') }).then(() => undefined, (cause: unknown) => cause)).to.have.property('code', 'telemetry_dir_unwritable');
    });
    it('a listener that throws breaks nothing', async () => {
      const opened = await open({ io: faulty({ write: [fails('ENOSPC'), fails('ENOSPC')] }), onEvent: () => { throw new Error('mine'); } });
      void opened.append(line(1));
      void opened.append(line(2));
      void opened.append(line(3));
      expect(opened.stats()).to.deep.include({ linesWritten: 1, appendFailures: 2 });
    });
    it('a slow write is counted', async () => {
      let now = 0;
      const opened = await open({ clock: () => now, io: faulty({ write: [(fd, data) => { now += 51; return FILE_IO.write(fd, data); }, (fd, data) => { now += 50; return FILE_IO.write(fd, data); }] }) });
      void opened.append(line(1));
      void opened.append(line(2));
      expect(opened.stats()).to.deep.include({ slowWrites: 1, lastSlowWriteMs: 51 });
    });
  });

  describe('fsync', () => {
    /** An fsync that ends when the test says so. */
    function syncs(): { io: SegmentIo; pending: ((error?: Error) => void)[]; started: () => number } {
      const pending: ((error?: Error) => void)[] = [];
      let started = 0;
      return { pending, started: () => started, io: { ...FILE_IO, sync: (_fd, done) => { started += 1; pending.push((error) => { done(error ?? null); }); } } };
    }

    it('never: none, not even at the end', async () => {
      const { io, started } = syncs();
      const opened = await open({ fsync: 'never', io });
      void opened.append(line(1));
      await opened.close();
      expect(started()).to.equal(0);
    });
    it('interval: one for all lines of an interval, and none while nothing comes', async () => {
      const { io, pending, started } = syncs();
      const opened = await open({ fsync: 'interval', fsyncIntervalMs: 20, io });
      for (let i = 0; i < 5; i++) expect(opened.append(line(i))).to.equal(undefined);
      while (started() === 0) await tick();
      expect(started()).to.equal(1);
      void opened.append(line(5)); // while the first is under way
      pending.shift()?.();
      while (started() === 1) await tick();
      pending.shift()?.();
      await new Promise((resolve) => { setTimeout(resolve, 60); });
      expect(started()).to.equal(2);
      await opened.close();
      expect(started()).to.equal(2);
    });
    it('interval: what is dirty at the end is synced before the log is closed', async () => {
      const { io, pending, started } = syncs();
      const opened = await open({ fsync: 'interval', fsyncIntervalMs: 60_000, io });
      void opened.append(line(1));
      let closed = false;
      const closing = opened.close().then(() => { closed = true; });
      while (started() === 0) await tick();
      await tick();
      expect(closed).to.equal(false);
      pending.shift()?.();
      await closing;
    });
    it('always: append resolves when the disk has it', async () => {
      const { io, pending } = syncs();
      const opened = await open({ fsync: 'always', io });
      let done = false;
      const appended = Promise.resolve(opened.append(line(1))).then(() => { done = true; });
      await tick();
      expect(done).to.equal(false);
      expect(await content()).to.equal(line(1)); // written already
      pending.shift()?.();
      await appended;
    });
    it('always: lines that come during an fsync share the next one, which begins after they were written', async () => {
      const { io, pending, started } = syncs();
      const opened = await open({ fsync: 'always', io });
      const order: number[] = [];
      const all = [0, 1, 2, 3].map((n) => Promise.resolve(opened.append(line(n))).then(() => { order.push(n); }));
      expect(started()).to.equal(1);
      pending.shift()?.();
      await all[0];
      await tick();
      expect([order, started()]).to.deep.equal([[0], 2]); // one for the other three
      pending.shift()?.();
      await Promise.all(all);
      expect([order, started()]).to.deep.equal([[0, 1, 2, 3], 2]);
    });
    it('always: a segment that is full is synced, and whoever waits for it waits for its own bytes', async () => {
      const { io, pending } = syncs();
      const opened = await open({ fsync: 'always', io, maxSegmentBytes: 11 });
      const done: number[] = [];
      const both = [1, 2].map((n) => Promise.resolve(opened.append(line(n))).then(() => { done.push(n); }));
      await tick();
      expect(pending.length).to.be.at.least(2); // a file each
      while (done.length < 2) { pending.shift()?.(); await tick(); }
      await Promise.all(both);
      expect(await folder.segments()).to.have.length(2);
    });
    it('always: lines that went into two segments wait for both', async () => {
      const { io, pending } = syncs();
      let first = true;
      const torn = (fd: number, data: Buffer): number => {
        const part = first ? data.subarray(0, line(1).length + 4) : data;
        first = false;
        return FILE_IO.write(fd, part);
      };
      const opened = await open({ fsync: 'always', io: { ...io, write: torn } });
      let done = false;
      const both = Promise.resolve(opened.append(line(1) + line(2), 2)).then(() => { done = true; });
      while (pending.length < 2) await tick();
      pending.shift()?.();
      await tick();
      expect(done).to.equal(false);
      pending.shift()?.();
      await both;
    });
    it('always: an fsync that fails is said and counted, and breaks no call', async () => {
      const { io, pending } = syncs();
      const opened = await open({ fsync: 'always', io });
      const appended = Promise.resolve(opened.append(line(1)));
      pending.shift()?.(new Error('EIO: sync'));
      await appended;
      expect(events).to.deep.equal([{ type: 'fsync-failed', error: 'EIO: sync' }]);
      expect(opened.stats()).to.deep.include({ linesWritten: 1, ioErrors: 1, lastError: 'EIO: sync' });
    });
    it('always, on the real disk: a thousand lines at once, in order', async () => {
      const opened = await open({ fsync: 'always' });
      await Promise.all(Array.from({ length: 1_000 }, async (_, n) => { await opened.append(line(n)); }));
      expect(await content()).to.equal(Array.from({ length: 1_000 }, (_, n) => line(n)).join(''));
    });
    it('close does not wait for a disk that hangs, beyond its deadline', async () => {
      const { io } = syncs();
      const opened = await open({ fsync: 'interval', fsyncIntervalMs: 60_000, io });
      void opened.append(line(1));
      await opened.close(30);
    });
  });
});
