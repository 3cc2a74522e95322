import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for each test of a suite, gone afterwards; to be called inside `describe`. */
export function testFolder(): { readonly path: string; segments(): Promise<string[]>; read(name: string): Promise<string> } {
  let path = '';
  beforeEach(async () => { path = await mkdtemp(join(tmpdir(), 'gateway-log-')); });
  afterEach(() => rm(path, { recursive: true, force: true }));
  return {
    get path() { return path; },
    segments: async () => (await readdir(path)).filter((name) => name.endsWith('.ndjson')).sort(),
    read: (name) => readFile(join(path, name), 'utf8'),
  };
}
