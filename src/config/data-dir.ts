import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder's name below the platform's data directory; the same as oclif's `dirname`. */
const NAME = 'gateway';

/** Where this platform keeps the data of a user's programs: the default of TELEMETRY_DIR. */
export function defaultDataDir(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform, home: string = homedir()): string {
  const xdg = env['XDG_DATA_HOME'] ?? '';
  if (xdg !== '') return join(xdg, NAME);
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), NAME);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', NAME);
  return join(home, '.local', 'share', NAME);
}

/** A path as people write it in `.env`, where no shell expands `~`. */
export function expandHome(path: string, home: string = homedir()): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;
}
