import { refusal, isGood } from '../answers.js';
import type { Elastic } from '../client.js';
import { at, listAt, objectAt, stringAt, type JsonObject } from '../json.js';

/** A document of the index that is moved. */
export interface OldRecord {
  readonly id: string;
  /** `YYYY-MM-DD` of its own `timestamp`, in UTC; undefined where that says no day. */
  readonly day: string | undefined;
  readonly source: JsonObject;
}

const PAGE = 1000;
const KEEP_ALIVE = '10m';
const LAST_YEAR = 9999;

/**
 * Reads every document of an index in pages, all as of one point in time. `fields` names what of the
 * documents is fetched; everything unless given.
 */
export async function* oldRecords(elastic: Elastic, index: string, fields?: readonly string[]): AsyncGenerator<OldRecord[]> {
  const dated = await hasDates(elastic, index);
  const opened = await elastic.request({ method: 'POST', path: `/${encodeURIComponent(index)}/_pit`, query: { keep_alive: KEEP_ALIVE } });
  if (!isGood(opened)) throw refusal(opened, `read ${index} at one point in time`);
  let id = stringAt(opened.body, 'id') ?? '';
  try {
    let after: unknown;
    for (;;) {
      const answer = await elastic.request({
        method: 'POST', path: '/_search',
        body: {
          pit: { id, keep_alive: KEEP_ALIVE }, size: PAGE, sort: [{ _shard_doc: 'asc' }], track_total_hits: false,
          ...(dated && { docvalue_fields: [{ field: 'timestamp', format: 'epoch_millis' }] }),
          ...(fields !== undefined && { _source: fields }), ...(after !== undefined && { search_after: after }),
        },
      });
      if (!isGood(answer)) throw refusal(answer, `read ${index}`);
      id = stringAt(answer.body, 'pit_id') ?? id;
      const hits = listAt(answer.body, 'hits', 'hits');
      if (hits.length === 0) return;
      after = at(hits.at(-1), 'sort');
      yield hits.map((hit) => {
        const source = objectAt(hit, '_source');
        return { id: stringAt(hit, '_id') ?? '', day: dayOf(at(hit, 'fields', 'timestamp', 0) ?? source['timestamp']), source };
      });
    }
  } finally {
    await elastic.request({ method: 'DELETE', path: '/_pit', body: { id } });
  }
}

/** Whether the server itself reads the timestamps: it takes more forms of a date than are known here. */
async function hasDates(elastic: Elastic, index: string): Promise<boolean> {
  const answer = await elastic.request({ method: 'GET', path: `/${encodeURIComponent(index)}/_mapping/field/timestamp` });
  if (!isGood(answer)) return false;
  const field = at(answer.body, index, 'mappings', 'timestamp', 'mapping', 'timestamp');
  return ['date', 'date_nanos'].includes(stringAt(field, 'type') ?? '') && at(field, 'doc_values') !== false;
}

/** The UTC day of a date as Elasticsearch reads it by default: ISO 8601, in UTC where it names no zone, or milliseconds. */
export function dayOf(timestamp: unknown): string | undefined {
  const ms = typeof timestamp === 'number' ? timestamp
    : typeof timestamp !== 'string' ? NaN
      : /^\d{5,}$/.test(timestamp) ? Number(timestamp)
        : Date.parse(/T[\d:.,]+$/.test(timestamp) ? `${timestamp}Z` : timestamp);
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  return year >= 1970 && year <= LAST_YEAR ? date.toISOString().slice(0, 10) : undefined;
}
