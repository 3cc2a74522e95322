import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { telemetryPaths } from './layout.js';

export interface MeasuredFile {
  readonly name: string;
  readonly bytes: number;
}

/** What lies beside the segments and counts towards TELEMETRY_MAX_BYTES; `bytes` is all of it together. */
export async function measureDisk(dir: string): Promise<{ cache: MeasuredFile[]; bytes: number }> {
  const paths = telemetryPaths(dir);
  const [retry, deadLetters, cache] = await Promise.all([paths.retry, paths.deadLetters, paths.cache].map(measureFolder));
  const bytes = [retry, deadLetters, cache].flatMap((files) => files ?? []).reduce((sum, file) => sum + file.bytes, 0);
  return { cache: cache ?? [], bytes };
}

async function measureFolder(path: string): Promise<MeasuredFile[]> {
  const names = await readdir(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(names.sort().map(async (name) => {
    const found = await stat(join(path, name)).catch(() => undefined);
    return found?.isFile() === true ? { name, bytes: found.size } : undefined;
  }));
  return files.filter((file) => file !== undefined);
}
