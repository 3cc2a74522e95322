import type { Config } from '../config/config.js';
import { EXIT, Failure } from '../domain/failure.js';
import type { Elastic } from '../elastic/client.js';
import { readRetries, writeRetries } from '../telemetry/dead-letter-retries.js';
import { deadLetters } from '../telemetry/dead-letters.js';
import { lineKey } from '../telemetry/line-format.js';
import { Sender } from './sender.js';

export { countDeadLetters } from '../telemetry/dead-letters.js';

/** What became of the dead letters. */
export interface RetriedDeadLetters {
  readonly delivered: number;
  /** Refused again: a counter goes up, no line is added. */
  readonly refused: number;
  readonly expired: number;
  /** Types and reasons of refusals, with how many records had each; the most frequent first. */
  readonly reasons: readonly { readonly type: string; readonly reason: string; readonly records: number }[];
}

/**
 * Sends the dead letters again, after the fix. What was delivered is noted beside their files.
 *
 * @throws Failure where the cluster does not take anything
 */
export async function retryDeadLetters(elastic: Elastic, config: Pick<Config, 'elasticsearch' | 'telemetry'>): Promise<RetriedDeadLetters> {
  const { dir } = config.telemetry;
  const retries = await readRetries(dir);
  const reasons = new Map<string, { type: string; reason: string; records: number }>();
  let delivered = 0;
  let refused = 0;
  const sender = await Sender.open({
    elastic, config: config.elasticsearch, includeExpired: false,
    onDelivered: (id) => {
      delivered++;
      retries.delivered.add(id);
      retries.refused.delete(id);
    },
    onRefused: (id, { type, reason }) => {
      refused++;
      retries.refused.set(id, { times: (retries.refused.get(id)?.times ?? 0) + 1, last: new Date().toISOString(), type, reason });
      const known = reasons.get(type + reason);
      if (known === undefined) reasons.set(type + reason, { type, reason, records: 1 });
      else known.records++;
    },
  });
  try {
    for await (const { line } of deadLetters(dir)) {
      const bytes = Buffer.from(`${line}\n`);
      const key = lineKey(bytes);
      if (key !== undefined) await sender.add({ ...key, bytes });
    }
    await sender.end();
  } finally {
    if (delivered + refused > 0) await writeRetries(dir, retries);
  }
  const [held] = sender.held;
  if (held !== undefined) {
    const days = sender.held.map(({ index, records }) => `${String(records)} of ${index}`).join(', ');
    throw new Failure({ code: 'export_failed', message: `not all dead letters could be sent (${days}): ${held.reason}`, fix: held.fix, exitCode: EXIT.failed });
  }
  return { delivered, refused, expired: sender.counts.expired, reasons: [...reasons.values()].sort((a, b) => b.records - a.records) };
}
