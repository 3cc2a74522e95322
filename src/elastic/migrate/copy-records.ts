import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Failure } from '../../domain/failure.js';
import { ElasticUnreachable, type Elastic } from '../client.js';
import { judgeAnswer, judgeItem, type ItemAnswer, type WholeVerdict } from '../verdict.js';
import type { OldRecord } from './old-records.js';

/** A record that its daily index does not take. */
export interface RefusedRecord {
  readonly id: string;
  readonly reason: string;
}

export interface CopyResult {
  readonly copied: number;
  /** Were there already: an earlier run, or one at the same time, brought them. */
  readonly present: number;
  readonly refused: readonly RefusedRecord[];
}

const MAX_BYTES = 4 * 2 ** 20;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 16_000];

/**
 * Writes records under their old ids, `create` only: what is there already stays as it is, so that the same page
 * may be written again. What the cluster is too busy for is tried again for half a minute, then a Failure says so.
 */
export async function copyRecords(elastic: Elastic, records: readonly OldRecord[], indexOf: (day: string) => string, pause: (ms: number) => Promise<unknown> = sleep): Promise<CopyResult> {
  const dated = records.filter((record) => record.day !== undefined);
  const undated = records.filter((record) => record.day === undefined);
  const refused: RefusedRecord[] = undated.map(({ id }) => ({ id, reason: 'it has no timestamp that says a day' }));
  let copied = 0;
  let present = 0;
  let waiting: readonly OldRecord[] = dated;
  for (let attempt = 0; waiting.length > 0; attempt++) {
    const ms = PAUSES_MS[attempt - 1];
    if (attempt > PAUSES_MS.length) throw busy(waiting.length);
    if (ms !== undefined) await pause(ms);
    const again: OldRecord[] = [];
    for (const batch of batches(waiting)) {
      const result = await offer(elastic, batch, indexOf);
      copied += result.copied;
      present += result.present;
      refused.push(...result.refused);
      again.push(...result.again);
    }
    waiting = again;
  }
  return { copied, present, refused };
}

interface Offered extends CopyResult {
  /** May be taken another time. */
  readonly again: readonly OldRecord[];
}

async function offer(elastic: Elastic, batch: readonly OldRecord[], indexOf: (day: string) => string): Promise<Offered> {
  const verdict = await send(elastic, batch, indexOf);
  if (verdict.kind === 'hold') {
    throw new Failure({ code: 'es_migrate_stopped', message: `the copy stopped: ${verdict.reason}`, fix: `${verdict.fix} Then run the same command again: it goes on where it stopped.`, exitCode: EXIT.failed });
  }
  if (verdict.kind === 'retry') return { copied: 0, present: 0, refused: [], again: batch };
  if (verdict.kind === 'items') return sorted(batch, verdict.items);
  const [only, ...others] = batch;
  if (only === undefined || others.length === 0) return { copied: 0, present: 0, refused: batch.map(({ id }) => ({ id, reason: 'it is larger than the server takes' })), again: [] };
  const middle = Math.ceil(batch.length / 2);
  const [first, second] = [await offer(elastic, batch.slice(0, middle), indexOf), await offer(elastic, batch.slice(middle), indexOf)];
  return {
    copied: first.copied + second.copied, present: first.present + second.present,
    refused: [...first.refused, ...second.refused], again: [...first.again, ...second.again],
  };
}

function sorted(batch: readonly OldRecord[], items: readonly ItemAnswer[]): Offered {
  const refused: RefusedRecord[] = [];
  const again: OldRecord[] = [];
  let copied = 0;
  let present = 0;
  batch.forEach((record, i) => {
    const item = items[i];
    const meaning = item === undefined ? 'retry' : judgeItem(item);
    if (meaning === 'done') copied++;
    else if (meaning === 'exists') present++;
    else if (meaning === 'retry') again.push(record);
    else refused.push({ id: record.id, reason: `${item?.type ?? ''}: ${item?.reason ?? ''}` });
  });
  return { copied, present, refused, again };
}

async function send(elastic: Elastic, batch: readonly OldRecord[], indexOf: (day: string) => string): Promise<WholeVerdict> {
  const body = batch.map(({ id, day = '', source }) => `${JSON.stringify({ create: { _index: indexOf(day), _id: id } })}\n${JSON.stringify(source)}\n`).join('');
  try {
    return judgeAnswer(await elastic.request({ method: 'POST', path: '/_bulk', query: { timeout: '30s' }, body, timeoutMs: 60_000 }), batch.length);
  } catch (error) {
    if (!(error instanceof ElasticUnreachable)) throw error;
    return { kind: 'retry', reason: error.message, ambiguous: true, overloaded: false };
  }
}

function* batches(records: readonly OldRecord[]): Generator<OldRecord[]> {
  let batch: OldRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = JSON.stringify(record.source).length;
    if (batch.length > 0 && bytes + size > MAX_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function busy(count: number): Failure {
  return new Failure({
    code: 'es_migrate_busy', message: `the cluster did not take ${String(count)} records, although they were offered for half a minute`,
    fix: 'Look at it with `gateway es verify`, then run the same command again: it goes on where it stopped.', exitCode: EXIT.failed,
  });
}
