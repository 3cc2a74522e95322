import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Names of the log's files. A segment is `SEQUENCE-WRITER.ndjson` directly under the log's folder:
 * SEQUENCE (8 digits) gives the order, WRITER (`PID-RANDOM`) tells which process appends to it, so
 * that two processes can never append to one file and a clock set back changes nothing.
 */
export interface Segment {
  /** File name, which is also the identity in cursors. */
  readonly name: string;
  readonly sequence: number;
  /** `PID-RANDOM` of the process that writes or wrote it. */
  readonly writer: string;
}

const NAME = /^(\d{8,})-(\d+-[0-9a-z]+)\.ndjson$/;

export function segmentName(sequence: number, writer: string): string {
  return `${String(sequence).padStart(8, '0')}-${writer}.ndjson`;
}

/** The parts of a segment's file name, or undefined for any other file. */
export function parseSegmentName(name: string): Segment | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  return { name, sequence: Number(match[1]), writer: match[2] as string };
}

/** Log order: by sequence, then by writer (two workers may hold the same sequence at once). */
export function compareSegments(a: Segment, b: Segment): number {
  return a.sequence - b.sequence || (a.writer < b.writer ? -1 : a.writer > b.writer ? 1 : 0);
}

/** All segments of the folder in log order; none when the folder does not exist. */
export async function listSegments(dir: string): Promise<Segment[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name) => parseSegmentName(name) ?? []).sort(compareSegments);
}

/** Size in bytes, or undefined when retention has removed the file meanwhile. */
export async function segmentSize(dir: string, segment: Segment): Promise<number | undefined> {
  return stat(join(dir, segment.name)).then((s) => s.size, (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
}
