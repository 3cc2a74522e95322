import { spawnSync } from 'node:child_process';
import { chown, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Elasticsearch refuses to run as root: there it runs as `nobody`, else as whoever runs the tests. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {};
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Gives a folder and all in it to that user. */
export async function handOver(dir: string, user: ServerUser): Promise<void> {
  if (user.uid === undefined || user.gid === undefined) return;
  await chown(dir, user.uid, user.gid);
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) await chown(join(entry.parentPath, entry.name), user.uid, user.gid);
}

function idOf(flag: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' });
  if (status !== 0) throw new Error('tests run as root need the user "nobody": Elasticsearch refuses to run as root');
  return Number(stdout);
}
