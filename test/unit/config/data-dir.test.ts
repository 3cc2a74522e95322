import { join } from 'node:path';
import { expect } from 'chai';
import { defaultDataDir, expandHome } from '../../../src/config/data-dir.js';

describe('the platform\'s data directory', () => {
  const home = join('/home', 'ann');

  it('follows XDG_DATA_HOME everywhere', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(defaultDataDir({ XDG_DATA_HOME: '/xdg' }, platform, home)).to.equal(join('/xdg', 'gateway'));
    }
  });

  it('is the usual place of each system', () => {
    expect(defaultDataDir({}, 'linux', home)).to.equal(join(home, '.local/share/gateway'));
    expect(defaultDataDir({}, 'darwin', home)).to.equal(join(home, 'Library/Application Support/gateway'));
    expect(defaultDataDir({ LOCALAPPDATA: '/local' }, 'win32', home)).to.equal(join('/local', 'gateway'));
    expect(defaultDataDir({}, 'win32', home)).to.equal(join(home, 'AppData/Local/gateway'));
  });

  it('expands the home where no shell did', () => {
    expect(expandHome('~/log', home)).to.equal(join(home, 'log'));
    expect(expandHome('~', home)).to.equal(home);
    expect(expandHome('~ann/log', home)).to.equal('~ann/log');
    expect(expandHome('/var/~/log', home)).to.equal('/var/~/log');
  });
});
