import { expect } from 'chai';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gatewayInstance } from '../../../src/telemetry/instance.js';
import { testFolder } from './folder.js';
import { POSIX } from '../../support/posix.js';

describe('the name of a gateway', () => {
  const folder = testFolder();
  it('is made once and kept', async () => {
    const name = await gatewayInstance(folder.path);
    expect(name).to.match(/^[a-z0-9][a-z0-9.-]{0,59}-[0-9a-z]{4}$/);
    expect(await gatewayInstance(folder.path)).to.equal(name);
    expect(await readFile(join(folder.path, 'instance'), 'utf8')).to.equal(`${name}\n`);
    if (POSIX) expect((await stat(join(folder.path, 'instance'))).mode & 0o777).to.equal(0o600);
    expect(await readdir(folder.path)).to.deep.equal(['instance']); // no draft is left
  });
  it('that somebody edited within its form is kept; anything else is made anew', async () => {
    await writeFile(join(folder.path, 'instance'), 'my-gateway-0001\n');
    expect(await gatewayInstance(folder.path)).to.equal('my-gateway-0001');
    for (const broken of ['', 'UPPER-0001', 'a\nb-0001', '-x', `${'x'.repeat(70)}-0001`, '../x-0001']) {
      await writeFile(join(folder.path, 'instance'), broken);
      expect(await gatewayInstance(folder.path)).to.match(/^[a-z0-9][a-z0-9.-]{0,59}-[0-9a-z]{4}$/).and.not.equal(broken);
    }
  });
  it('that cannot be kept is a Failure', async () => {
    const error = await gatewayInstance(join(folder.path, 'nope')).then(() => undefined, (cause: unknown) => cause);
    expect(error).to.include({ code: 'telemetry_dir_unwritable' });
  });
});
