import { isGood } from '../answers.js';
import type { Elastic } from '../client.js';
import { at, numberAt, objectAt, type JsonObject } from '../json.js';

/** What the daily indices of a move need, against what the cluster lets anybody make. */
export interface ShardRoom {
  readonly needed: number;
  /** Shards that can still be made. */
  readonly free: number;
  /** A cluster.max_shards_per_node with which they have room. */
  readonly suggested: number;
}

/** Room for other indices that the suggested limit leaves. */
const SPARE = 1.2;

/** Compares `indices` new ones of that template with cluster.max_shards_per_node; undefined where the cluster does not tell (serverless has no such limit). */
export async function shardRoom(elastic: Elastic, indices: number, template: JsonObject): Promise<ShardRoom | undefined> {
  const health = await elastic.request({ method: 'GET', path: '/_cluster/health' });
  const settings = await elastic.request({ method: 'GET', path: '/_cluster/settings', query: { include_defaults: 'true', filter_path: '*.cluster.max_shards_per_node' } });
  const nodes = numberAt(health.body, 'number_of_data_nodes');
  const limit = ['transient', 'persistent', 'defaults'].map((source) => at(settings.body, source, 'cluster', 'max_shards_per_node')).find((value) => value !== undefined);
  if (!isGood(health) || !isGood(settings) || nodes === undefined || !(Number(limit) > 0)) return undefined;
  const used = ['active_shards', 'unassigned_shards', 'initializing_shards'].reduce((sum, kind) => sum + (numberAt(health.body, kind) ?? 0), 0);
  const needed = Math.max(0, indices) * shardsOf(objectAt(template, 'template', 'settings'), nodes);
  return { needed, free: Math.max(0, Number(limit) * nodes - used), suggested: Math.ceil((used + needed) * SPARE / Math.max(1, nodes)) };
}

/** Shards of one index, replicas included: `0-1` makes one where there is a second node for it. */
function shardsOf(settings: JsonObject, nodes: number): number {
  const primaries = Number(settings['index.number_of_shards'] ?? 1);
  const auto = settings['index.auto_expand_replicas'];
  const replicas = auto === undefined ? Number(settings['index.number_of_replicas'] ?? 1) : Math.min(1, nodes - 1);
  return primaries * (1 + replicas);
}

/** `The cluster has room for 10 more shards, and 1,100 are needed`. */
export function describeRoom({ needed, free }: ShardRoom): string {
  return `The cluster has room for ${free.toLocaleString('en-US')} more shards (cluster.max_shards_per_node), and ${needed.toLocaleString('en-US')} are needed`;
}
