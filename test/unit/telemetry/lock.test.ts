import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock } from '../../../src/telemetry/lock.js';
import { testFolder } from './folder.js';
import { POSIX } from '../../support/posix.js';

const MODULE = new URL('../../../src/telemetry/lock.ts', import.meta.url).href;
const HOLD = `const { acquireLock } = await import(${JSON.stringify(MODULE)});
try { globalThis.lock = await acquireLock(process.argv[1]); console.log('held'); } catch (error) { console.log(error.code ?? String(error)); process.exit(3); }
setInterval(() => {}, 1e6);`;

describe('the lock of a log folder', () => {
  const folder = testFolder();
  const children: ChildProcess[] = [];
  afterEach(() => { for (const child of children.splice(0)) child.kill('SIGKILL'); });

  /** Another process that tries to take the folder; resolves with its one word. */
  function other(): Promise<{ child: ChildProcess; word: string; stderr: () => string }> {
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', HOLD, folder.path], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let stderr = '';
    child.stderr.on('data', (part: Buffer) => { stderr += part.toString(); });
    return new Promise((resolve, reject) => {
      child.stdout.once('data', (word: Buffer) => { resolve({ child, word: word.toString().trim(), stderr: () => stderr }); });
      child.once('error', reject);
    });
  }
  const refusal = (): Promise<unknown> => acquireLock(folder.path).then((lock) => { lock.release(); return undefined; }, (error: unknown) => error);

  it('keeps a second gateway out, of this process and of another, and says who holds it', async () => {
    const lock = await acquireLock(folder.path);
    const error = await refusal();
    expect(error).to.include({ code: 'telemetry_dir_in_use', exitCode: 2 });
    expect((error as Error).message).to.include(folder.path).and.include(`process ${process.pid}`);
    expect((await other()).word).to.equal('telemetry_dir_in_use');
    expect(await refusal()).to.have.property('code', 'telemetry_dir_in_use'); // attempts do not loosen it
    lock.release();
    lock.release();
    expect(await refusal()).to.equal(undefined);
  });
  it('is gone with a process that is killed', async () => {
    const { child, word, stderr } = await other();
    expect(word).to.equal('held');
    expect(await refusal()).to.have.property('code', 'telemetry_dir_in_use');
    const gone = new Promise((resolve) => { child.once('exit', resolve); });
    child.kill('SIGKILL');
    await gone;
    expect(await refusal()).to.equal(undefined);
    expect(stderr()).to.equal(''); // no warning that SQLite is experimental
  });
  it('lets different folders be held side by side', async () => {
    const first = await acquireLock(folder.path);
    const second = await acquireLock(join(folder.path, 'second'));
    first.release();
    second.release();
  });
  it('is private, and survives a holder\'s note that is nonsense', async () => {
    const lock = await acquireLock(folder.path);
    for (const name of POSIX ? await readdir(folder.path) : []) {
      expect((await stat(join(folder.path, name))).mode & 0o777, name).to.equal(0o600);
    }
    await writeFile(join(folder.path, 'lock-holder.json'), 'nonsense');
    expect(await refusal()).to.have.property('message').that.does.not.include('nonsense');
    lock.release();
  });
  it('is a Failure where the folder cannot be used', async () => {
    await writeFile(join(folder.path, 'file'), '');
    const error = await acquireLock(join(folder.path, 'file')).then(() => undefined, (cause: unknown) => cause);
    expect(error).to.include({ code: 'telemetry_dir_unwritable' });
  });
});
