import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { POSIX } from '../../support/posix.js';
import { withPrivateFolder } from '../../../src/report/private-folder.js';

const MODULE = new URL('../../../src/report/private-folder.ts', import.meta.url).href;

describe('the folder for what does not fit into memory', () => {
  const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

  it('is private, and gone with its content afterwards', async () => {
    const path = await withPrivateFolder(async (folder) => {
      if (POSIX) expect((await stat(folder)).mode & 0o777).to.equal(0o700);
      await writeFile(join(folder, 'spill'), 'x');
      return folder;
    });
    expect(await exists(path)).to.equal(false);
  });

  it('is gone after a failure, and no signal is listened to any more', async () => {
    const before = process.listenerCount('SIGTERM');
    let path = '';
    const error = await withPrivateFolder((folder) => {
      path = folder;
      return Promise.reject(new Error('failed'));
    }).catch((caught: unknown) => caught);
    expect(error).to.have.property('message', 'failed');
    expect(await exists(path)).to.equal(false);
    expect(process.listenerCount('SIGTERM')).to.equal(before);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`is gone after ${signal}, which ends the process as ever`, async () => {
      const script = `const { withPrivateFolder } = await import(${JSON.stringify(MODULE)});
        await withPrivateFolder((folder) => { console.log(folder); return new Promise((resolve) => setTimeout(resolve, 60_000)); });`;
      const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [first] = await once(child.stdout, 'data') as [Buffer];
      const path = first.toString().trim();
      expect(await exists(path)).to.equal(true);
      child.kill(signal);
      const [, endedBy] = await once(child, 'exit') as [number | null, string | null];
      expect(endedBy).to.equal(signal);
      expect(await exists(path)).to.equal(false);
    });
  }
});
