import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { replaceFile, writePrivately } from '../../../src/telemetry/durable-file.js';
import { ownSecret } from '../../../src/telemetry/secret-file.js';
import { testFolder } from './folder.js';
import { POSIX } from '../../support/posix.js';

const failure = async (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

describe('a secret of the gateway\'s own', () => {
  const folder = testFolder();
  if (POSIX) it('is made once, and can be read by its owner alone', async () => {
    const dir = folder.path;
    let made = 0;
    const make = (): string => `secret-${String(++made)}`;
    expect([await ownSecret(dir, 'key', make), await ownSecret(dir, 'key', make)]).to.deep.equal(['secret-1', 'secret-1']);
    expect(statSync(join(dir, 'key')).mode & 0o777).to.equal(0o600);
    chmodSync(join(dir, 'key'), 0o644);
    expect(await ownSecret(dir, 'key', make)).to.equal('secret-1');
    expect(statSync(join(dir, 'key')).mode & 0o777).to.equal(0o600);
    expect(readdirSync(dir)).to.deep.equal(['key']);
  });
  it('is made anew where the file is empty', async () => {
    const dir = folder.path;
    writeFileSync(join(dir, 'key'), '\n');
    expect(await ownSecret(dir, 'key', () => 'fresh')).to.equal('fresh');
  });
  if (POSIX) it('is not read through a link, nor from what is no secret', async () => {
    const dir = folder.path;
    writeFileSync(join(dir, 'victim'), 'theirs');
    symlinkSync(join(dir, 'victim'), join(dir, 'key'));
    writeFileSync(join(dir, 'lines'), 'one\ntwo\n');
    writeFileSync(join(dir, 'long'), 'x'.repeat(5_000));
    for (const [name, word] of [['key', 'symbolic link'], ['lines', 'one line'], ['long', 'too large']] as const) {
      const error = await failure(ownSecret(dir, name, () => 'mine'));
      expect(error).to.include({ code: 'secret_file_unusable' });
      expect((error as Error).message).to.include(word).and.not.match(/theirs|two|xxx/);
    }
    expect(readFileSync(join(dir, 'victim'), 'utf8')).to.equal('theirs');
  });
});

describe('a file that is replaced as a whole', () => {
  const folder = testFolder();
  for (const [name, write] of [['writePrivately', writePrivately], ['replaceFile', replaceFile]] as const) {
    it(`is written through no link: not in its own place, not in its draft's (${name})`, async () => {
      const dir = folder.path;
      const victim = join(dir, 'victim');
      const path = join(dir, 'file');
      writeFileSync(victim, 'theirs');
      symlinkSync(victim, path);
      symlinkSync(victim, `${path}.${String(process.pid)}.tmp`);
      await write(path, 'ours');
      expect([readFileSync(victim, 'utf8'), readFileSync(path, 'utf8')]).to.deep.equal(['theirs', 'ours']);
      expect(lstatSync(path).isSymbolicLink()).to.equal(false);
      if (POSIX) expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect(existsSync(`${path}.${String(process.pid)}.tmp`)).to.equal(false);
    });
  }
});
