import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces a file as a whole: after a crash there is the old text or the new one, never a part. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writePrivately(path, text, { sync: true });
  await syncFolder(dirname(path));
}

/**
 * Replaces a file as a whole, readable for its owner only. The draft is always made anew: in a folder that
 * others may write to, a link of theirs is never followed, neither in the draft's place nor in the file's.
 */
export async function writePrivately(path: string, text: string, { sync = false } = {}): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await unlink(draft).catch(() => undefined);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

/** Makes the names in a folder survive a power cut, where the system lets one sync a folder. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
