import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure } from '../domain/failure.js';
import { isRecord } from './json-shape.js';
import { readOverride } from './override-entry.js';
import { overrideKey, type PriceOverride } from './price-override.js';

export interface OverrideFile {
  readonly overrides: readonly PriceOverride[];
  /** Beginning of the content's SHA-256: the same file gives the same version. */
  readonly version: string;
}

const VERSION_DIGITS = 12;

/**
 * Reads PRICES_FILE: JSON where the name ends in `.json`, else YAML; a list of entries, or an object
 * with the list as `prices`. @throws Failure that names file, entry, field and fix
 */
export async function readOverrideFile(file: string, knowsProvider: (name: string) => boolean): Promise<OverrideFile> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure({
      code: 'prices_file_unreadable',
      message: `PRICES_FILE: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      fix: 'Name a file that exists and that this user may read, or unset PRICES_FILE.',
      cause: error,
    });
  });
  const content = await parse(file, text);
  const entries = isRecord(content) ? content.prices : content;
  if (!Array.isArray(entries)) {
    throw new Failure({
      code: 'prices_file_invalid',
      message: `PRICES_FILE: ${file} holds no list of prices`,
      fix: 'Give a list of entries, or an object whose member `prices` is that list.',
    });
  }
  const overrides = entries.map((entry, i) => readOverride(entry, { file, position: i + 1, knowsProvider }));
  refuseDoubles(file, overrides);
  return { overrides, version: createHash('sha256').update(text).digest('hex').slice(0, VERSION_DIGITS) };
}

async function parse(file: string, text: string): Promise<unknown> {
  try {
    if (file.toLowerCase().endsWith('.json')) return JSON.parse(text) as unknown;
    const { parse: parseYaml } = await import('yaml');
    return parseYaml(text, { prettyErrors: true, logLevel: 'error' }) as unknown;
  } catch (error) {
    throw new Failure({
      code: 'prices_file_invalid',
      message: `PRICES_FILE: ${file} cannot be parsed: ${(error as Error).message.split('\n')[0] ?? ''}`,
      fix: 'Fix the file at that place; a name that ends in .json must hold JSON, any other YAML.',
      cause: error,
    });
  }
}

function refuseDoubles(file: string, overrides: readonly PriceOverride[]): void {
  const seen = new Map<string, PriceOverride>();
  for (const override of overrides) {
    const key = overrideKey(override);
    const other = seen.get(key);
    if (other !== undefined) {
      throw new Failure({
        code: 'prices_file_invalid',
        message: `PRICES_FILE: ${override.place}: provider, model and from are those of ${other.place.replace(` of ${file}`, '')}`,
        fix: 'Remove one of the two, or give them different `from` dates.',
      });
    }
    seen.set(key, override);
  }
}
