import type { Config } from '../config/config.js';
import type { Elastic } from '../elastic/client.js';
import { findCursor } from '../telemetry/backlog.js';
import { isSettled } from '../telemetry/cursor.js';
import { scanLog } from '../telemetry/scan.js';
import { Sender, type HeldIndex, type SenderCounts } from './sender.js';

/** What became of the records; `held` only where days took none. */
export type BackfillResult = SenderCounts & { readonly held?: readonly HeldIndex[] };

/**
 * Sends the records of a time range of the log, whatever the exporter has done with them: to fill a
 * new cluster, or after a loss. Idempotent by the records' ids. A day that takes no records does not keep back the others.
 *
 * @throws Failure where the cluster does not take them
 */
export async function backfill(elastic: Elastic, config: Pick<Config, 'elasticsearch' | 'telemetry'>, options: {
  readonly since: number; readonly until: number; readonly includeExpired: boolean;
  readonly onBytes?: (read: number, total: number) => void;
}): Promise<BackfillResult> {
  const { elasticsearch, telemetry: { dir } } = config;
  const sender = await Sender.open({ elastic, config: elasticsearch, includeExpired: options.includeExpired });
  const cursor = await findCursor(dir, { clusterUuid: sender.clusterUuid, index: elasticsearch.index, layout: sender.layout });
  for await (const line of scanLog(dir, options, options.onBytes)) {
    await sender.add({ ...line, wasSent: isSettled(cursor, line.segment, line.start) });
  }
  await sender.end();
  return { ...sender.counts, ...(sender.held.length > 0 && { held: sender.held }) };
}
