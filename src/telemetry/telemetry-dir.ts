import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../domain/failure.js';
import { telemetryPaths } from './layout.js';
import { parseSegmentName } from './segments.js';

const PRIVATE = 0o700;
const STICKY = 0o1000;

/**
 * Makes TELEMETRY_DIR where absent, private to its owner.
 *
 * @throws Failure `telemetry_dir_unwritable`
 */
export async function prepareTelemetryDir(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
    await makePrivate(dir);
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** mkdir -p by hand: Node's own loops for ever where the system answers ENOENT below a folder that is there (/proc). */
async function makeFolder(dir: string, parentIsThere = false): Promise<void> {
  try {
    await mkdir(dir, { mode: PRIVATE });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || parentIsThere || dirname(dir) === dir) throw error;
    await makeFolder(dirname(dir));
    await makeFolder(dir, true);
  }
}

/** The failure of a TELEMETRY_DIR that cannot be used, with what the system said. */
export function unwritable(dir: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure({
    code: 'telemetry_dir_unwritable',
    message: `TELEMETRY_DIR ${dir} cannot be written: ${reason}`,
    fix: 'Give the user that runs the gateway write permission there, or set TELEMETRY_DIR to a folder on a local disk that it may write.',
    cause,
  });
}

/** Closes an existing folder to others, if it is our own log folder: never somebody's /tmp or home. */
async function makePrivate(dir: string): Promise<void> {
  const { mode, uid } = await stat(dir);
  if (uid !== process.getuid?.() || (mode & 0o077) === 0 || (mode & STICKY) !== 0) return;
  const names = await readdir(dir);
  const { lock, instance } = telemetryPaths('');
  const ours = names.length === 0 || names.some((name) => name === lock || name === instance || parseSegmentName(name) !== undefined);
  if (ours) await chmod(dir, PRIVATE);
}

/** Whether the system said that no space (or quota) is left. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
