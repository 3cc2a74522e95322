import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './durable-file.js';
import { telemetryPaths } from './layout.js';

/** Where records go. Another cluster, index or layout is another target, with a cursor of its own. */
export interface Target {
  readonly clusterUuid: string;
  readonly index: string;
  readonly layout: string;
}

/** How far a target has got, per file; names of segments never come again, so none can be mistaken. */
export interface Cursor {
  readonly target: Target;
  /** Segments of which every byte is settled. */
  readonly done: ReadonlySet<string>;
  /** End of the contiguous settled beginning of the segments that are under way. */
  readonly open: ReadonlyMap<string, number>;
  /** The same for files under retry/. */
  readonly retry: ReadonlyMap<string, number>;
}

const VERSION = 1;

/** 16 characters that name a target in file names. */
export function targetKey({ clusterUuid, index, layout }: Target): string {
  return createHash('sha256').update(JSON.stringify([clusterUuid, index, layout])).digest('hex').slice(0, 16);
}

export function emptyCursor(target: Target): Cursor {
  return { target, done: new Set(), open: new Map(), retry: new Map() };
}

/** The settled bytes at a file's start, of a file of `size` bytes. */
export function settledOf(cursor: Cursor, segment: string, size: number): number {
  return cursor.done.has(segment) ? size : Math.min(cursor.open.get(segment) ?? 0, size);
}

/** Whether the line at that offset is settled. */
export function isSettled(cursor: Cursor | undefined, segment: string, offset: number): boolean {
  return cursor !== undefined && (cursor.done.has(segment) || offset < (cursor.open.get(segment) ?? 0));
}

/** The cursor of a target, or undefined where it has none yet. One that cannot be read counts as none: records are sent again, which changes nothing. */
export async function readCursor(dir: string, target: Target): Promise<Cursor | undefined> {
  return parse(await readFile(cursorPath(dir, target), 'utf8').catch(() => ''));
}

/** The cursor of index and layout that was written last, whatever the cluster: for when the cluster does not say who it is. */
export async function readLatestCursor(dir: string, index: string, layout?: string): Promise<Cursor | undefined> {
  const folder = telemetryPaths(dir).cursors;
  const names = (await readdir(folder).catch(() => [] as string[])).filter((name) => name.endsWith('.json'));
  const found = await Promise.all(names.map(async (name) => {
    const path = join(folder, name);
    const cursor = parse(await readFile(path, 'utf8').catch(() => ''));
    return cursor === undefined ? undefined : { cursor, writtenAt: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
  }));
  return found
    .filter((each) => each !== undefined)
    .filter(({ cursor: { target } }) => target.index === index && (layout === undefined || target.layout === layout))
    .sort((a, b) => b.writtenAt - a.writtenAt)[0]?.cursor;
}

/** Writes a cursor so that a crash at any moment leaves the old one or this one. */
export async function writeCursor(dir: string, cursor: Cursor): Promise<void> {
  await mkdir(telemetryPaths(dir).cursors, { recursive: true, mode: 0o700 });
  const { target, done, open, retry } = cursor;
  const text = JSON.stringify({
    version: VERSION, cluster_uuid: target.clusterUuid, index: target.index, layout: target.layout,
    done: [...done], open: Object.fromEntries(open), retry: Object.fromEntries(retry),
  });
  await replaceFile(cursorPath(dir, target), `${text}\n`);
}

function cursorPath(dir: string, target: Target): string {
  return join(telemetryPaths(dir).cursors, `${targetKey(target)}.json`);
}

function parse(text: string): Cursor | undefined {
  try {
    const { version, cluster_uuid: clusterUuid, index, layout, done, open, retry } = JSON.parse(text) as Record<string, unknown>;
    if (version !== VERSION || typeof clusterUuid !== 'string' || typeof index !== 'string' || typeof layout !== 'string' || !Array.isArray(done)) return undefined;
    return {
      target: { clusterUuid, index, layout },
      done: new Set(done.filter((name) => typeof name === 'string')),
      open: offsets(open),
      retry: offsets(retry),
    };
  } catch {
    return undefined;
  }
}

function offsets(value: unknown): Map<string, number> {
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(Object.entries(value).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && entry[1] >= 0));
}
