import { join } from 'node:path';
import { LineReader, linesOf } from './line-reader.js';
import { listSegments } from './segments.js';

/** Calls of one model that used tokens and have no cost. */
export interface UnpricedModel {
  readonly provider: string;
  readonly model: string;
  /** The model that answered, where it is another. */
  readonly responseModel?: string;
  calls: number;
  /** When the newest of them was received: ISO 8601, UTC. */
  lastSeen: string;
}

/** What the whole log says about prices. */
export interface UnpricedCalls {
  /** Calls that used tokens. */
  readonly counted: number;
  /** Most calls first. */
  readonly models: readonly UnpricedModel[];
}

const COST = Buffer.from(',"cost":');
/** The end of `input_tokens` and of `output_tokens`. */
const TOKENS = Buffer.from('put_tokens":');

/** Reads every segment of the log; lines that are none of ours are passed over. */
export async function findUnpricedCalls(dir: string): Promise<UnpricedCalls> {
  const models = new Map<string, UnpricedModel>();
  let counted = 0;
  for (const segment of await listSegments(dir)) {
    const reader = new LineReader(join(dir, segment.name), 0);
    try {
      for (let chunk = await reader.read(); chunk !== undefined && chunk !== 'gone'; chunk = await reader.read()) {
        for (const line of linesOf(chunk)) {
          if (!line.includes(TOKENS)) continue;
          counted += 1;
          if (!line.includes(COST)) note(line, models);
        }
      }
    } finally {
      await reader.close();
    }
  }
  return { counted, models: [...models.values()].sort((a, b) => b.calls - a.calls) };
}

function note(line: Buffer, models: Map<string, UnpricedModel>): void {
  const record = parse(line);
  const { provider, timestamp } = record;
  const model = record.model ?? record.response_model;
  if (typeof provider !== 'string' || typeof model !== 'string' || typeof timestamp !== 'string') return;
  const responseModel = typeof record.response_model === 'string' && record.response_model !== model ? record.response_model : undefined;
  const key = JSON.stringify([provider, model, responseModel]);
  const seen = models.get(key);
  if (seen === undefined) {
    models.set(key, { provider, model, ...(responseModel === undefined ? {} : { responseModel }), calls: 1, lastSeen: timestamp });
    return;
  }
  seen.calls += 1;
  if (timestamp > seen.lastSeen) seen.lastSeen = timestamp;
}

function parse(line: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line.toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
