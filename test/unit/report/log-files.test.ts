import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { POSIX } from '../../support/posix.js';
import { Failure } from '../../../src/domain/failure.js';
import { copyBeginning, findLogFiles, wholeLines } from '../../../src/report/log-files.js';

describe('the files of the log', () => {
  let dir = '';
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'gateway-files-')); });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const put = (name: string, content = 'line\n'): Promise<void> => writeFile(join(dir, name), content);
  const closed = async (alive: readonly number[]): Promise<Record<string, boolean>> =>
    Object.fromEntries((await findLogFiles(dir, (pid) => alive.includes(pid))).map((file) => [file.name, file.closed]));

  it('are closed once their writer is gone or has a newer one', async () => {
    await put('00000001-10-aaaa.ndjson');
    await put('00000002-20-bbbb.ndjson');
    await put('00000003-10-aaaa.ndjson');
    expect(await closed([10])).to.deep.equal({ '00000001-10-aaaa.ndjson': true, '00000002-20-bbbb.ndjson': true, '00000003-10-aaaa.ndjson': false });
  });

  it('are closed where another writer has had their process id since', async () => {
    await put('00000001-1-aaaa.ndjson');
    await put('00000002-1-bbbb.ndjson');
    expect(await closed([1])).to.deep.equal({ '00000001-1-aaaa.ndjson': true, '00000002-1-bbbb.ndjson': false });
  });

  it('leave out what is empty or no segment', async () => {
    await put('00000001-10-aaaa.ndjson', '');
    await put('instance');
    await put('lock');
    expect(await closed([])).to.deep.equal({});
    expect(await findLogFiles(join(dir, 'absent'))).to.deep.equal([]);
  });

  it('are not to be had from what is no folder, which is said in a sentence', async () => {
    await put('file');
    const error = await findLogFiles(join(dir, 'file')).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(Failure);
    expect(error).to.include({ code: 'log_unreadable', exitCode: 1 });
  });

  it('know their own process to be alive', async () => {
    await put(`00000001-${String(process.pid)}-aaaa.ndjson`);
    expect((await findLogFiles(dir)).map((file) => file.closed)).to.deep.equal([false]);
  });

  describe('whole lines', () => {
    const whole = async (content: string): Promise<number> => {
      await put('file', content);
      return wholeLines(join(dir, 'file'), content.length);
    };

    it('end with the last newline, however far back that is', async () => {
      expect(await whole('a\nb\n')).to.equal(4);
      expect(await whole('a\nb')).to.equal(2);
      expect(await whole('\n')).to.equal(1);
      expect(await whole('no newline')).to.equal(0);
      for (const tail of [65_535, 65_536, 65_537, 200_000]) {
        expect(await whole(`a\n${'x'.repeat(tail)}`), String(tail)).to.equal(2);
        expect(await whole('x'.repeat(tail)), String(tail)).to.equal(0);
      }
    });

    it('do not see what was appended after the size was taken', async () => {
      await put('file', 'a\nb\nc\n');
      expect(await wholeLines(join(dir, 'file'), 3)).to.equal(2);
    });

    it('are copied into a private file', async () => {
      await put('file', 'a\nb\nrest');
      const copy = join(dir, 'copy');
      await copyBeginning(join(dir, 'file'), copy, 4);
      expect(await readFile(copy, 'utf8')).to.equal('a\nb\n');
      if (POSIX) expect((await stat(copy)).mode & 0o777).to.equal(0o600);
    });
  });
});
