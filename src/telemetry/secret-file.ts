import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.js';
import { writePrivately } from './durable-file.js';
import { prepareTelemetryDir, unwritable } from './telemetry-dir.js';

const { O_NOFOLLOW, O_RDONLY } = constants;
const MAX_BYTES = 4_096;

/** The secrets that a gateway keeps in its folder. */
export const SECRET_FILES = { localKey: 'local-key', adminToken: 'admin-token' } as const;

/**
 * A secret of this gateway, made once and kept in TELEMETRY_DIR where its owner alone can read it.
 * A link in the file's place is refused, not followed: what it names is somebody else's.
 *
 * @throws Failure `telemetry_dir_unwritable`, `secret_file_unusable`
 */
export async function ownSecret(dir: string, name: string, make: () => string): Promise<string> {
  await prepareTelemetryDir(dir);
  const path = join(dir, name);
  const kept = await readSecret(path);
  if (kept !== undefined) return kept;
  const secret = make();
  try {
    await writePrivately(path, `${secret}\n`, { sync: true });
  } catch (error) {
    throw unwritable(dir, error);
  }
  return secret;
}

/** The secret in a file of that name, or undefined where there is none yet. */
async function readSecret(path: string): Promise<string | undefined> {
  const bad = (why: string, cause?: unknown): Failure => new Failure({
    code: 'secret_file_unusable',
    message: `${path}: ${why}`,
    fix: 'Remove it: the gateway makes a new one at its next start.',
    cause,
  });
  let file: FileHandle;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw bad(code === 'ELOOP' || code === 'EMLINK' ? 'is a symbolic link, which is not followed' : `cannot be read (${code ?? 'unknown error'})`, error);
  }
  try {
    const { mode, uid, size } = await file.stat();
    if (process.getuid !== undefined && uid !== process.getuid()) throw bad('belongs to another user');
    if (size > MAX_BYTES) throw bad('is too large to hold a secret');
    if ((mode & 0o077) !== 0) await file.chmod(0o600);
    const secret = (await file.readFile('utf8')).trim();
    if (secret === '') return undefined;
    if (!/^[\x21-\x7e]+$/.test(secret)) throw bad('holds something else than a secret of one line');
    return secret;
  } finally {
    await file.close();
  }
}
