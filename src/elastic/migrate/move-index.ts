import type { ElasticsearchConfig } from '../../config/config.js';
import { indexFor } from '../../domain/elastic-names.js';
import { EXIT, Failure } from '../../domain/failure.js';
import { errorOf, isGood, refusal } from '../answers.js';
import type { Elastic } from '../client.js';
import { readClusterState, readIndices } from '../cluster-state.js';
import { applyPlan } from '../init-apply.js';
import { planInit } from '../init-plan.js';
import { utcDate } from '../init-steps.js';
import { numberAt } from '../json.js';
import { describeDrift, isSafeToWrite, mappingDrift } from '../mapping-drift.js';
import { templateLayout } from '../resolve-layout.js';
import { compareIds } from './compare-ids.js';
import { copyRecords, type RefusedRecord } from './copy-records.js';
import { UNDO, type MigrationOptions, type MigrationPlan } from './migration-plan.js';
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
      // With the index of today behind the alias at once, a gateway that serves finds its place.
      await makeIndex(elastic, indexOf(utcDate(options.now)), known);
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
      throw new Failure({ code: 'es_migrate_foreign_index', message: `${live.name} exists with another mapping (${describeDrift(drift)})`, fix: 'Choose another ELASTICSEARCH_INDEX; or, where that index holds nothing you need, delete it yourself and run this again.', exitCode: EXIT.failed });
    }
    known.add(live.name);
  }
}

async function makeIndex(elastic: Elastic, index: string, known: Set<string>): Promise<void> {
  if (known.has(index)) return;
  const answer = await elastic.request({ method: 'PUT', path: `/${encodeURIComponent(index)}` });
  if (!isGood(answer) && errorOf(answer).type !== 'resource_already_exists_exception') throw stopped(refusal(answer, `make the index ${index}`), index);
  known.add(index);
}

function stopped(failure: Failure, index: string): Failure {
  return new Failure({ code: failure.code, message: failure.message, fix: `${failure.fix} ${UNDO} (from ${index.slice(0, -10)}YYYY-MM-DD, not the index itself).`, exitCode: EXIT.failed, cause: failure });
}

async function count(elastic: Elastic, index: string): Promise<number | undefined> {
  const answer = await elastic.request({ method: 'GET', path: `/${encodeURIComponent(index)}/_count` });
  if (!isGood(answer)) throw refusal(answer, `count the records of ${index}`);
  return numberAt(answer.body, 'count');
}

/**
 * One request, so that every search finds either the old index or all daily ones. Nothing can be written through the alias: a gateway that
 * has taken NAME for an index until now is refused, instead of writing records of any day to the one index behind it.
 */
async function swap(elastic: Elastic, name: string, indices: readonly string[]): Promise<void> {
  const answer = await elastic.request({
    method: 'POST', path: '/_aliases',
    body: { actions: [{ remove_index: { index: name } }, ...indices.map((index) => ({ add: { index, alias: name, is_write_index: false } }))] },
  });
  if (!isGood(answer)) throw refusal(answer, `put the alias ${name} in the place of the index`);
}

/** Whether NAME is an alias while the template is still that of one index. */
export async function isUnfinished(elastic: Elastic, name: string): Promise<boolean> {
  const state = await readClusterState(elastic, name);
  return state.holder.kind === 'alias' && templateLayout(state.template, name) === 'single';
}

/** After the swap: the daily template with its alias, and today's index. */
export async function finishDaily(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index'>, options: Pick<MigrationOptions, 'now' | 'force' | 'objects'>): Promise<void> {
  await applyPlan(elastic, await planInit(elastic, { index: config.index, layout: 'daily' }, { now: options.now, force: options.force, options: options.objects }));
}
