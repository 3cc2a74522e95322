import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startedAt } from './processes.js';

const LOCK_PATIENCE_MS = 15 * 60_000;

/**
 * Where servers are unpacked and run: outside the project, because a checkout below a private home
 * cannot be read by the unprivileged user that a server started by root runs as.
 */
function cacheDir(): string {
  return process.env['GATEWAY_TEST_CACHE'] ?? join(tmpdir(), `gateway-test-elasticsearch-${String(process.getuid?.() ?? 0)}`);
}

/** The cache folder, made and checked to be ours (the temporary folder is everybody's). */
export async function openCache(): Promise<string> {
  const dir = cacheDir();
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const { uid } = await stat(dir);
  if (process.getuid !== undefined && uid !== process.getuid()) throw new Error(`${dir} belongs to another user: set GATEWAY_TEST_CACHE to a folder of your own`);
  return dir;
}

/** Runs `work` while no other process holds the lock of that name. A lock whose holder died is taken over. */
export async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const path = join(await openCache(), `${name}.lock`);
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  while (!await take(path)) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${path}: remove it if no test is running`);
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => ''));
  const age = Date.now() - await stat(path).then(({ mtimeMs }) => mtimeMs, () => Date.now());
  // An empty file is a lock that is just being written, unless its writer died in between.
  if (holder > 0 ? startedAt(holder) === undefined : age > 10_000) await rm(path, { force: true });
  return false;
}
