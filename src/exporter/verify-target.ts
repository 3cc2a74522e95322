import type { Config } from '../config/config.js';
import { EXIT, Failure } from '../domain/failure.js';
import { exportTarget } from '../elastic/export-target.js';
import type { Elastic } from '../elastic/client.js';
import { knownInstance } from '../telemetry/instance.js';
import { compare, type Comparison } from './compare.js';

/**
 * Compares the log with the target of a configuration: finds out which cluster and layout that is
 * without changing anything there.
 *
 * @throws Failure
 */
export async function verifyTarget(elastic: Elastic, config: Pick<Config, 'elasticsearch' | 'telemetry'>, options: {
  readonly since: number; readonly until: number; readonly onBytes?: (read: number, total: number) => void;
}): Promise<Comparison> {
  const { clusterUuid, layout } = await exportTarget(elastic, config.elasticsearch);
  if (clusterUuid === undefined) {
    throw new Failure({ code: 'es_cluster_unknown', message: 'the cluster does not say its id', fix: 'Grant the cluster privilege monitor.', exitCode: EXIT.failed });
  }
  return compare(elastic, config, { ...options, clusterUuid, layout, instance: await knownInstance(config.telemetry.dir) });
}
