import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { writePrivately } from './durable-file.js';
import { telemetryPaths } from './layout.js';
import { unwritable } from './telemetry-dir.js';

const NAME = /^[a-z0-9][a-z0-9.-]{0,59}-[0-9a-z]{4}$/;

/**
 * The stable name of this gateway, `HOST-xxxx`: made once and kept in the log's folder, so that it
 * survives restarts and tells two gateways of one host apart.
 *
 * @throws Failure `telemetry_dir_unwritable`
 */
export async function gatewayInstance(dir: string): Promise<string> {
  const path = telemetryPaths(dir).instance;
  const kept = await knownInstance(dir);
  if (kept !== undefined) return kept;
  const name = `${hostPart()}-${randomInt(36 ** 4).toString(36).padStart(4, '0')}`;
  try {
    await writePrivately(path, `${name}\n`);
  } catch (error) {
    throw unwritable(dir, error);
  }
  return name;
}

/** The name that this log's gateway has, or undefined where none was made yet. */
export async function knownInstance(dir: string): Promise<string | undefined> {
  const kept = (await readFile(telemetryPaths(dir).instance, 'utf8').catch(() => '')).trim();
  return NAME.test(kept) ? kept : undefined;
}

function hostPart(): string {
  const clean = hostname().toLowerCase().replace(/[^a-z0-9.-]+/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 60);
  return clean === '' ? 'gateway' : clean;
}
