import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { listSegments, type Segment } from '../telemetry/segments.js';
import { unreadable } from './log-failures.js';

/** A segment as it is at this moment. */
export interface LogFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Nobody appends to it any more, as far as can be told from here: a hint, never a promise. */
  readonly closed: boolean;
}

const LINE_FEED = 0x0a;
const STEP = 64 * 1024;

/**
 * The segments that hold anything, in log order; none where the folder does not exist.
 *
 * @throws Failure `log_unreadable`
 */
export async function findLogFiles(dir: string, isAlive: (pid: number) => boolean = processExists): Promise<LogFile[]> {
  return readLogFiles(dir, isAlive).catch((error: unknown) => { throw unreadable(dir, error); });
}

async function readLogFiles(dir: string, isAlive: (pid: number) => boolean): Promise<LogFile[]> {
  const segments = await listSegments(dir);
  const open = openSegments(segments, isAlive);
  const files = await Promise.all(segments.map(async (segment) => {
    const path = join(dir, segment.name);
    const found = await stat(path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // retention was quicker
      throw error;
    });
    if (found === undefined || found.size === 0) return undefined;
    return { name: segment.name, path, bytes: found.size, mtimeMs: found.mtimeMs, closed: !open.has(segment.name) };
  }));
  return files.filter((file) => file !== undefined);
}

/** Of each process id only the newest segment can be open: ids are used again, most of all in containers. */
function openSegments(segments: readonly Segment[], isAlive: (pid: number) => boolean): Set<string> {
  const newest = new Map(segments.map((segment) => [Number.parseInt(segment.writer, 10), segment.name]));
  return new Set([...newest].flatMap(([pid, name]) => isAlive(pid) ? [name] : []));
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Bytes at the beginning of a file of `bytes` bytes that are whole lines. */
export async function wholeLines(path: string, bytes: number): Promise<number> {
  const file = await open(path, 'r');
  try {
    return await lastLineEnd(file, bytes);
  } finally {
    await file.close();
  }
}

async function lastLineEnd(file: FileHandle, bytes: number): Promise<number> {
  for (let end = bytes, length = 1; end > 0; end -= length, length = STEP) {
    const start = Math.max(0, end - length);
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(end - start), position: start });
    const at = buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (at !== -1) return start + at + 1;
  }
  return 0;
}

/** Copies the first `bytes` bytes into a private file. */
export async function copyBeginning(from: string, to: string, bytes: number): Promise<void> {
  await pipeline(createReadStream(from, { end: bytes - 1 }), createWriteStream(to, { mode: 0o600 }));
}
