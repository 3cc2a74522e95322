import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './durable-file.js';
import { telemetryPaths } from './layout.js';

/** What became of dead letters that were sent again: kept beside their files, which only `gateway serve` writes. */
export interface DeadLetterRetries {
  /** Ids of records that Elasticsearch has by now. */
  readonly delivered: Set<string>;
  /** How often a record was refused again, and how it was put last. */
  readonly refused: Map<string, { times: number; last: string; type: string; reason: string }>;
}

const FILE = 'retried.json';

export async function readRetries(dir: string): Promise<DeadLetterRetries> {
  try {
    const text = await readFile(join(telemetryPaths(dir).deadLetters, FILE), 'utf8');
    const { delivered, refused } = JSON.parse(text) as { delivered: string[]; refused: Record<string, { times: number; last: string; type: string; reason: string }> };
    return { delivered: new Set(delivered), refused: new Map(Object.entries(refused)) };
  } catch {
    return { delivered: new Set(), refused: new Map() };
  }
}

export async function writeRetries(dir: string, retries: DeadLetterRetries): Promise<void> {
  const text = JSON.stringify({ delivered: [...retries.delivered], refused: Object.fromEntries(retries.refused) });
  await replaceFile(join(telemetryPaths(dir).deadLetters, FILE), `${text}\n`);
}
