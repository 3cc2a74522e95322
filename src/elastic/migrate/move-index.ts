import type { ElasticsearchConfig } from '../../config/config.js';
import { indexFor } from '../../domain/elastic-names.js';
import { EXIT, Failure } from '../../domain/failure.js';
import { errorOf, isGood, refusal } from '../answers.js';
import type { Elastic } from '../client.js';
import { readIndices } from '../cluster-state.js';
import { applyPlan } from '../init-apply.js';
import { planInit } from '../init-plan.js';
import { numberAt } from '../json.js';
import { describeDrift, isSafeToWrite, mappingDrift } from '../mapping-drift.js';
import { compareIds } from './compare-ids.js';
import { copyRecords, type RefusedRecord } from './copy-records.js';
import type { MigrationPlan, MigrationOptions } from './migration-plan.js';
import { oldRecords } from './old-records.js';
import { withWritesBlocked } from './write-block.js';

export interface MigrationResult {
  readonly copied: number;
  /** Were in their daily index already. */
  readonly present: number;
  readonly refusedCount: number;
  /** The first of them. */
  readonly refused: readonly RefusedRecord[];
  /** Ids of the old index that no daily index has. */
  readonly missing: number;
  /** The old index is gone, and NAME is the alias of the daily indices. */
  readonly swapped: boolean;
}

const SHOWN = 5;

/**
 * Moves what the plan says: old index write-blocked, every record into the index of its day under its old id,
 * ids compared; then, only where `deleteOld` says so and nothing is missing, alias and index swapped in one
 * request. Throws a Failure where it stops; run again, it goes on. The old index loses nothing before the swap.
 */
export async function moveIndex(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index'>, plan: MigrationPlan, options: MigrationOptions): Promise<MigrationResult> {
  const { index } = config;
  const indexOf = (day: string): string => indexFor(index, 'daily', day);
  await applyPlan(elastic, plan.ground);
  return withWritesBlocked(elastic, index, (result) => result.swapped, async () => {
    const known = new Set<string>();
    await trustExisting(elastic, index, plan, known);
    const copy = { copied: 0, present: 0, refusedCount: 0, refused: [] as RefusedRecord[] };
    let seen = 0;
    for await (const page of oldRecords(elastic, index)) {
      for (const day of new Set(page.flatMap((record) => record.day ?? []))) await makeIndex(elastic, indexOf(day), known);
      const result = await copyRecords(elastic, page, indexOf);
      copy.copied += result.copied;
      copy.present += result.present;
      copy.refusedCount += result.refused.length;
      copy.refused.push(...result.refused.slice(0, SHOWN - copy.refused.length));
      seen += page.length;
      options.onProgress?.('copy', seen, plan.records);
    }
    const compared = await compareIds(elastic, index, indexOf, (done) => options.onProgress?.('compare', done, plan.records));
    const swapped = options.deleteOld === true && compared.missingCount === 0;
    if (swapped) {
      if (compared.compared !== await count(elastic, index)) {
        throw new Failure({ code: 'es_migrate_changed', message: `${index} changed while it was copied, so nothing was deleted`, fix: 'Stop what writes to it, and run the same command again.', exitCode: EXIT.failed });
      }
      await swap(elastic, index, [...known]);
    }
    return { ...copy, missing: compared.missingCount, swapped };
  });
}

/** Daily indices of an earlier run, or of somebody else: they must be such as the template makes. */
async function trustExisting(elastic: Elastic, name: string, { ground }: MigrationPlan, known: Set<string>): Promise<void> {
  for (const live of await readIndices(elastic, name)) {
    if (live.name === name) continue;
    const drift = mappingDrift(live.mapping, ground.objects.mapping);
    if (!isSafeToWrite(drift)) {
      throw new Failure({ code: 'es_migrate_foreign_index', message: `${live.name} exists with another mapping (${describeDrift(drift)})`, fix: 'Delete it where it holds nothing of worth, or choose another ELASTICSEARCH_INDEX.', exitCode: EXIT.failed });
    }
    known.add(live.name);
  }
}

async function makeIndex(elastic: Elastic, index: string, known: Set<string>): Promise<void> {
  if (known.has(index)) return;
  const answer = await elastic.request({ method: 'PUT', path: `/${encodeURIComponent(index)}` });
  if (!isGood(answer) && errorOf(answer).type !== 'resource_already_exists_exception') throw refusal(answer, `make the index ${index}`);
  known.add(index);
}

async function count(elastic: Elastic, index: string): Promise<number | undefined> {
  const answer = await elastic.request({ method: 'GET', path: `/${encodeURIComponent(index)}/_count` });
  if (!isGood(answer)) throw refusal(answer, `count the records of ${index}`);
  return numberAt(answer.body, 'count');
}

async function swap(elastic: Elastic, name: string, indices: readonly string[]): Promise<void> {
  const answer = await elastic.request({
    method: 'POST', path: '/_aliases',
    body: { actions: [{ remove_index: { index: name } }, ...indices.map((index) => ({ add: { index, alias: name } }))] },
  });
  if (!isGood(answer)) throw refusal(answer, `put the alias ${name} in the place of the index`);
}

/** After the swap: the daily template with its alias, and today's index. */
export async function finishDaily(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index'>, options: Pick<MigrationOptions, 'now' | 'force' | 'objects'>): Promise<void> {
  await applyPlan(elastic, await planInit(elastic, { index: config.index, layout: 'daily' }, { now: options.now, force: options.force, options: options.objects }));
}
