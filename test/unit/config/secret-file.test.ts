import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSecretFile } from '../../../src/config/secret-file.js';
import { POSIX } from '../../support/posix.js';

describe('a file of secrets', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-secret-'));
    path = join(folder, 'key');
  });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  for (const text of ['sk-secret', 'sk-secret\n', 'sk-secret\r\n', '\ufeffsk-secret\n', '  sk-secret \n\n']) {
    it(`is read from ${JSON.stringify(text)}`, async () => {
      writeFileSync(path, text);
      expect(await readSecretFile(path)).to.equal('sk-secret');
    });
  }

  it('is found through links', async () => {
    writeFileSync(path, 'sk-secret');
    symlinkSync(path, join(folder, 'link'));
    expect(await readSecretFile(join(folder, 'link'))).to.equal('sk-secret');
  });

  const NO_FILES = [
    ['a folder', () => { path = folder; }, 'is not a regular file'],
    ['a pipe that nobody writes to', () => { execFileSync('mkfifo', [path]); }, 'is not a regular file'],
  ] as const;
  for (const [what, make, message] of [
    ['missing', () => undefined, 'cannot be read (ENOENT)'],
    ['empty', () => { writeFileSync(path, '\n \n'); }, 'is empty'],
    ['too large', () => { writeFileSync(path, 'x'); truncateSync(path, 2 ** 20 + 1); }, 'is larger than 1 MiB'],
    ...(POSIX ? NO_FILES : []),
  ] as const) {
    it(`that is ${what} is refused`, async () => {
      make();
      const error: unknown = await readSecretFile(path).catch((thrown: unknown) => thrown);
      expect(error).to.have.property('message', message);
    });
  }
});
