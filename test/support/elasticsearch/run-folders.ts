import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCache } from './cache.js';
import { gone, hasVariable, signal, startedAt } from './processes.js';

/**
 * Every server lives in a folder of its own that names the process that started it. What a killed
 * run left is found and removed by the next one; what another run still uses is left alone.
 */
const PREFIX = 'run-';
const OWNER = 'owner';

const ours = new Set<string>();

/** A new folder for a server of this process, removed with its nodes when the process ends in any way that it notices. */
export async function openRunFolder(): Promise<string> {
  await removeOrphans();
  const dir = join(await openCache(), `${PREFIX}${String(process.pid)}-${randomBytes(3).toString('hex')}`);
  if (ours.size === 0) process.once('exit', () => { for (const each of ours) removeNow(each); });
  ours.add(dir);
  await mkdir(dir, { recursive: true, mode: 0o755 });
  await writeFile(join(dir, OWNER), `${String(process.pid)} ${startedAt(process.pid) ?? ''}`);
  return dir;
}

/** Removes a folder whose nodes have been stopped. */
export async function removeRunFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  ours.delete(dir);
}

/** The process of a node, if it runs: what its pid file says, and really that node. */
export function nodePid(nodeDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(nodeDir, 'pid'), 'utf8'));
    return pid > 0 && startedAt(pid) !== undefined && hasVariable(pid, `ES_PATH_CONF=${join(nodeDir, 'config')}`) ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function removeOrphans(): Promise<void> {
  const cache = await openCache();
  for (const name of await readdir(cache)) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = join(cache, name);
    if (await isOwned(dir)) continue;
    for (const node of await readdir(dir).catch(() => [])) {
      const pid = nodePid(join(dir, node));
      if (pid === undefined) continue;
      signal(pid, 'SIGKILL');
      await gone(pid);
    }
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function isOwned(dir: string): Promise<boolean> {
  const owner = await readFile(join(dir, OWNER), 'utf8').catch(() => '');
  // The name is there before the file.
  const pid = owner === '' ? Number(dir.slice(dir.lastIndexOf(PREFIX) + PREFIX.length).split('-')[0]) : Number(owner.split(' ')[0]);
  const started = startedAt(pid);
  return started !== undefined && (owner === '' || owner === `${String(pid)} ${started}`);
}

/** At the very end of this process, where nothing can be awaited any more. */
function removeNow(dir: string): void {
  try {
    for (const node of readdirSync(dir)) {
      const pid = nodePid(join(dir, node));
      if (pid !== undefined) signal(pid, 'SIGKILL');
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  } catch {
    // What is left goes with the next run.
  }
}
