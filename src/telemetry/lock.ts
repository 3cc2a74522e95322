import { chmod, lstat, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Failure } from '../domain/failure.js';
import { writePrivately } from './durable-file.js';
import { telemetryPaths } from './layout.js';
import { prepareTelemetryDir, unwritable } from './telemetry-dir.js';

export interface Lock {
  /** Lets the folder go; idempotent. Death of the process does the same, however it comes. */
  release(): void;
}

const SQLITE_BUSY = 5;

/** Keeps what is held from the garbage collector, which would close it. */
const held = new Set<DatabaseSync>();

/**
 * Takes TELEMETRY_DIR for this process: two gateways must not export one log. The lock is SQLite's
 * own on the file `lock` (fcntl, LockFileEx on Windows), so the kernel drops it with its holder and
 * none is ever stale. POSIX drops such a lock as soon as the process closes *any* descriptor of the
 * file: nothing else here may open `lock`.
 *
 * @throws Failure `telemetry_dir_in_use`, `telemetry_dir_unwritable`
 */
export async function acquireLock(dir: string): Promise<Lock> {
  await prepareTelemetryDir(dir);
  const path = telemetryPaths(dir).lock;
  // SQLite would follow it, and what it names would be locked and closed to others.
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isSymbolicLink() === true) throw unwritable(dir, new Error('its file lock is a symbolic link'));
  const database = await takeExclusively(dir, path);
  // For the message of whoever comes next; the lock itself does not depend on it.
  const holder = JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() });
  await writePrivately(holderPath(dir), holder).catch(() => undefined);
  await chmod(path, 0o600).catch(() => undefined);
  held.add(database);
  return {
    release() {
      if (held.delete(database)) database.close();
    },
  };
}

async function takeExclusively(dir: string, path: string): Promise<DatabaseSync> {
  const { DatabaseSync } = loadSqlite();
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // No journal file: there is nothing to roll back, and it would be open to others until `lock` is private.
    database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw await inUse(dir);
    throw unwritable(dir, error);
  }
}

async function inUse(dir: string): Promise<Failure> {
  const holder = await readFile(holderPath(dir), 'utf8').then(parseHolder, () => undefined);
  return new Failure({
    code: 'telemetry_dir_in_use',
    message: `TELEMETRY_DIR ${dir} is in use by another gateway${holder === undefined ? '' : ` (${holder})`}.`,
    fix: 'Stop the other gateway, or give this one a TELEMETRY_DIR of its own. Several processes of one gateway: gateway serve --workers N.',
  });
}

function parseHolder(text: string): string | undefined {
  try {
    const { pid, host } = JSON.parse(text) as { pid?: unknown; host?: unknown };
    return typeof pid === 'number' && typeof host === 'string' ? `process ${pid} on ${host}` : undefined;
  } catch {
    return undefined;
  }
}

function holderPath(dir: string): string {
  return join(dir, 'lock-holder.json');
}

/** SQLite of Node without the one warning that it is experimental, which would head every start. */
function loadSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes('SQLite')) emitWarning(warning, ...rest);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
