import type { Config } from '../config/config.js';
import type { Elastic } from '../elastic/client.js';
import { scanLog } from '../telemetry/scan.js';
import { Sender, type SenderCounts } from './sender.js';

/**
 * Sends the records of a time range of the log, whatever the exporter has done with them: to fill a
 * new cluster, or after a loss. Idempotent by the records' ids.
 *
 * @throws Failure where the cluster does not take them
 */
export async function backfill(elastic: Elastic, config: Pick<Config, 'elasticsearch' | 'telemetry'>, options: {
  readonly since: number; readonly until: number; readonly includeExpired: boolean;
  readonly onBytes?: (read: number, total: number) => void;
}): Promise<SenderCounts> {
  const sender = await Sender.open({ elastic, config: config.elasticsearch, includeExpired: options.includeExpired });
  for await (const line of scanLog(config.telemetry.dir, options, options.onBytes)) await sender.add(line);
  await sender.end();
  return sender.counts;
}
