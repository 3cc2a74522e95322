import { expect } from 'chai';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../src/server/logger.js';
import { startRetention, type RetentionLoop, type RetentionLoopOptions } from '../../../src/server/retention-loop.js';
import { testFolder } from '../telemetry/folder.js';

describe('the retention loop', () => {
  const folder = testFolder();
  let loop: RetentionLoop | undefined;
  let said: string[] = [];
  const logger = Object.fromEntries(['info', 'warn', 'error'].map((level) => [level, (_facts: unknown, message: string) => { said.push(`${level}: ${message}`); }])) as unknown as Logger;
  const segment = (n: number): string => join(folder.path, `${String(n).padStart(8, '0')}-1-aaaaaa.ndjson`);
  const start = (options: Partial<RetentionLoopOptions> = {}): RetentionLoop => loop = startRetention({
    dir: folder.path, maxBytes: 25, retentionMs: 86_400_000, onFull: 'drop-oldest', writerIsGone: (writer) => writer !== '9-zzzzzz', exported: () => Promise.resolve(() => false), logger, intervalMs: 10, ...options,
  });
  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    while (!await condition()) await new Promise((resolve) => { setTimeout(resolve, 5); });
  };
  beforeEach(() => { said = []; });
  afterEach(() => { loop?.stop(); });

  it('drop-oldest: drops what is over the limit from the start on, loudly, and takes requests', async () => {
    for (const n of [1, 2, 3]) await writeFile(segment(n), '{"n":123}\n');
    const running = start();
    await until(async () => (await readdir(folder.path)).length === 2);
    await until(() => said.some((line) => line.startsWith('error: the telemetry log was full')));
    expect([running.refusing(), running.full()]).to.deep.equal([false, false]);
    expect(running.lost()).to.include({ records: 1, bytes: 10 }).and.have.property('at').that.is.closeTo(Date.now(), 60_000);
  });
  it('refuse-requests: keeps all, refuses while it is full and says so once, and takes requests again when there is room', async () => {
    for (const n of [1, 2, 3]) await writeFile(segment(n), '{"n":123}\n');
    const running = start({ onFull: 'refuse-requests' });
    await until(() => running.refusing());
    await new Promise((resolve) => { setTimeout(resolve, 60); });
    expect(await readdir(folder.path)).to.have.length(3);
    expect(said.filter((line) => line.includes('is full'))).to.have.length(1);
    await rm(segment(1));
    await until(() => !running.refusing());
    await until(() => said.includes('info: the telemetry log has room again'));
  });
  it('removes exported segments for their size without a word of loss', async () => {
    for (const n of [1, 2, 3]) await writeFile(segment(n), '{"n":123}\n');
    start({ exported: () => Promise.resolve(() => true) });
    await until(() => said.includes('info: old segments of the telemetry log were removed'));
    expect(said.filter((line) => line.startsWith('error'))).to.deep.equal([]);
  });
  it('removes nothing for its age until the cluster has said which one it is', async () => {
    await writeFile(segment(1), '{"n":123}\n');
    await utimes(segment(1), new Date(0), new Date(0));
    let runs = 0;
    let isIdentified = false;
    start({ exported: () => { runs++; return Promise.resolve(() => true); }, isIdentified: () => isIdentified });
    await until(() => runs > 2);
    expect(await readdir(folder.path)).to.have.length(1);
    isIdentified = true;
    await until(async () => (await readdir(folder.path)).length === 0);
  });
  it('never touches the segment that its own writer appends to', async () => {
    await writeFile(segment(1), '{"n":123}\n'.repeat(9));
    const running = start({ writerIsGone: (writer) => writer !== '1-aaaaaa' });
    await until(() => running.full());
    expect(await readdir(folder.path)).to.have.length(1);
  });
  it('says when the clock is set by over an hour, and keeps what then looks old for a day', async () => {
    const real = Date.now;
    await writeFile(segment(1), '{"n":123}\n');
    let runs = 0;
    start({ exported: () => { runs++; return Promise.resolve(() => true); } });
    await until(() => runs > 2);
    try {
      Date.now = () => real() + 40 * 86_400_000;
      await until(() => said.some((line) => line === 'warn: the clock was set by over an hour: age retention rests for a day'));
      const at = runs;
      await until(() => runs > at + 2);
    } finally {
      Date.now = real;
    }
    expect(await readdir(folder.path)).to.have.length(1);
  });
  it('goes on after a run that failed', async () => {
    let calls = 0;
    for (const n of [1, 2, 3]) await writeFile(segment(n), '{"n":123}\n');
    start({ exported: () => (calls++ === 0 ? Promise.reject(new Error('no cursor')) : Promise.resolve(() => true)) });
    await until(() => said.includes('info: old segments of the telemetry log were removed'));
    expect(said[0]).to.equal('error: the limits of the telemetry log could not be checked');
  });
  it('stops', async () => {
    let calls = 0;
    const running = start({ exported: () => { calls += 1; return Promise.resolve(() => true); } });
    await until(() => calls > 1);
    running.stop();
    const at = calls;
    await new Promise((resolve) => { setTimeout(resolve, 60); });
    expect(calls).to.be.at.most(at + 1);
  });
});
