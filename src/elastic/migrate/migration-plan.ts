import type { ElasticsearchConfig } from '../../config/config.js';
import { EXIT, Failure } from '../../domain/failure.js';
import { isGood, refusal } from '../answers.js';
import type { Elastic } from '../client.js';
import { readClusterState } from '../cluster-state.js';
import { planInit } from '../init-plan.js';
import type { ObjectOptions } from '../init-options.js';
import type { InitPlan } from '../init-step.js';
import { at, listAt, numberAt } from '../json.js';
import { describeRoom, shardRoom, type ShardRoom } from './shard-room.js';
import { describePrivileges, missingPrivileges, privilegeNames } from '../privileges.js';

export interface MigrationOptions {
  readonly force: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly objects: ObjectOptions;
  /** Swap alias and index at the end, by which the old index is deleted. */
  readonly deleteOld: boolean | undefined;
  readonly onProgress?: (phase: 'copy' | 'compare', done: number, total: number) => void;
}

export interface MigrationPlan {
  readonly records: number;
  /** Earliest and latest day that the records name; undefined without records. */
  readonly days: { readonly first: string; readonly last: string; readonly count: number } | undefined;
  /** Shards that the daily indices need and that the cluster has room for; undefined where it does not tell. */
  readonly room: ShardRoom | undefined;
  /** Policy and template, which come first. */
  readonly ground: InitPlan;
}

/** How to go back before the old index is gone. */
export const UNDO = 'Until the old index is deleted, the move is undone by deleting the daily indices that it made';

const NEEDED = { cluster: ['monitor', 'manage_ilm', 'manage_index_templates'], index: ['read', 'create_doc', 'manage'] };

/**
 * Looks at what would be moved; changes nothing. Undefined where NAME is no index, so that there is nothing to move.
 * Throws a Failure where privileges are missing or policy or template are in conflict.
 */
export async function planMigration(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index'>, options: MigrationOptions): Promise<MigrationPlan | undefined> {
  const { index } = config;
  const state = await readClusterState(elastic, index);
  if (state.holder.kind !== 'index') return undefined;
  const names = privilegeNames(index);
  const missing = await missingPrivileges(elastic, NEEDED, names);
  if (missing !== undefined && missing.cluster.length + missing.index.length > 0) {
    throw new Failure({ code: 'es_missing_privileges', message: `the move needs ${describePrivileges(missing, names)}, and nothing was changed`, fix: `Grant these privileges, or run it as a user with the role ${index}-admin (\`gateway es init --roles\`).`, exitCode: EXIT.failed });
  }
  // The alias cannot be there before the index is gone, so the template is that of `single` until the swap.
  const whole = await planInit(elastic, { index, layout: 'single' }, { force: options.force, now: options.now, options: options.objects });
  const ground = { ...whole, steps: whole.steps.filter((step) => step.id === 'policy' || step.id === 'template') };
  const conflict = ground.steps.find((step) => step.action === 'conflict');
  if (conflict !== undefined) {
    throw new Failure({ code: 'es_migrate_conflict', message: `${conflict.detail}; nothing was changed`, fix: 'Resolve that first, or add --force to replace what was edited.', exitCode: EXIT.failed });
  }
  const found = await extent(elastic, index);
  return { ...found, ground, room: found.days === undefined ? undefined : await shardRoom(elastic, found.days.count - (state.indices.length - 1), ground.objects.template) };
}

/** Throws a Failure where the cluster has no room for the shards of the daily indices: half-way nobody could make an index any more. */
export function requireRoom(index: string, { room, days }: MigrationPlan): void {
  if (room === undefined || room.needed <= room.free) return;
  throw new Failure({
    code: 'es_migrate_no_room',
    message: `${index} has records of ${String(days?.count ?? 0)} days. ${describeRoom(room)}: the move would stop half-way, and nobody could make another index on that cluster. Nothing was changed`,
    fix: `Add data nodes, or raise the limit: PUT _cluster/settings {"persistent":{"cluster.max_shards_per_node":${String(room.suggested)}}}. Or leave the old records in ${index} and choose another ELASTICSEARCH_INDEX for new ones.`,
    exitCode: EXIT.failed,
  });
}

async function extent(elastic: Elastic, index: string): Promise<Pick<MigrationPlan, 'records' | 'days'>> {
  const answer = await elastic.request({
    method: 'POST', path: `/${encodeURIComponent(index)}/_search`,
    body: { size: 0, track_total_hits: true, aggs: { days: { date_histogram: { field: 'timestamp', fixed_interval: '1d', min_doc_count: 1, format: 'yyyy-MM-dd' } } } },
  });
  if (!isGood(answer)) {
    // A timestamp that is no date has no histogram; the records are there all the same.
    const counted = await elastic.request({ method: 'GET', path: `/${encodeURIComponent(index)}/_count` });
    if (!isGood(counted)) throw refusal(counted, `count the records of ${index}`);
    return { records: numberAt(counted.body, 'count') ?? 0, days: undefined };
  }
  const buckets = listAt(answer.body, 'aggregations', 'days', 'buckets');
  const day = (at_: number): string => String(at(buckets.at(at_), 'key_as_string'));
  return {
    records: numberAt(answer.body, 'hits', 'total', 'value') ?? 0,
    days: buckets.length === 0 ? undefined : { first: day(0), last: day(-1), count: buckets.length },
  };
}
