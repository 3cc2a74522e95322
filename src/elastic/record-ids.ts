import type { Layout } from '../domain/elastic-names.js';
import { errorOf, isGood, refusal } from './answers.js';
import type { Elastic } from './client.js';
import { isOurs } from './cluster-state.js';
import { at, listAt, numberAt, stringAt } from './json.js';

const PAGE = 5_000;
const KEEP_ALIVE = '2m';

/** What an index says of ids. */
export interface Lookup {
  readonly there: ReadonlySet<string>;
  /** The index itself is not there. */
  readonly absent: boolean;
  /** Ids that could not be looked up, with the reason: nothing is known of them. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/**
 * Which of the ids an index has. Reads in real time: what was acknowledged is seen at once, before
 * any refresh (not in a data stream, whose documents only a search finds).
 *
 * @throws Failure
 */
export async function findDocuments(elastic: Elastic, index: string, ids: readonly string[], layout: Layout): Promise<Lookup> {
  if (layout === 'data-stream') return search(elastic, index, ids);
  const answer = await elastic.request({
    method: 'POST', path: `/${encodeURIComponent(index)}/_mget`,
    query: { _source: 'false', realtime: 'true', filter_path: 'docs._id,docs.found,docs.error.type,docs.error.reason,error,status' }, body: { ids },
  });
  // An index that is not there has none of them; some versions say so as a whole, some of each document.
  if (answer.status === 404) return { ...NOTHING, absent: true };
  if (answer.status === 400 && errorOf(answer).type === 'index_closed_exception') return { ...NOTHING, unreadable: new Map(ids.map((id) => [id, 'index_closed_exception'])) };
  if (!isGood(answer)) throw refusal(answer, `read records of ${index}`);
  const there = new Set<string>();
  const unreadable = new Map<string, string>();
  let absent = false;
  for (const doc of listAt(answer.body, 'docs')) {
    const id = stringAt(doc, '_id') ?? '';
    const error = stringAt(doc, 'error', 'type');
    if (at(doc, 'found') === true) there.add(id);
    else if (error === 'index_not_found_exception') absent = true;
    else if (error !== undefined) unreadable.set(id, `${error}: ${stringAt(doc, 'error', 'reason') ?? ''}`);
  }
  return { there, absent, unreadable };
}

const NOTHING: Lookup = { there: new Set(), absent: false, unreadable: new Map() };

async function search(elastic: Elastic, index: string, ids: readonly string[]): Promise<Lookup> {
  const path = `/${encodeURIComponent(index)}`;
  await elastic.request({ method: 'POST', path: `${path}/_refresh`, query: { ignore_unavailable: 'true' } });
  const answer = await elastic.request({
    method: 'POST', path: `${path}/_search`, query: { ignore_unavailable: 'true', filter_path: 'hits.hits._id,_shards.failed,_shards.failures.reason.type,error,status' },
    body: { size: ids.length, _source: false, query: { ids: { values: ids } } },
  });
  if (answer.status === 404) return { ...NOTHING, absent: true };
  if (!isGood(answer)) throw refusal(answer, `search records of ${index}`);
  const there = new Set(listAt(answer.body, 'hits', 'hits').flatMap((hit) => stringAt(hit, '_id') ?? []));
  const failed = numberAt(answer.body, '_shards', 'failed') ?? 0;
  const why = stringAt(answer.body, '_shards', 'failures', 0, 'reason', 'type') ?? 'a shard could not be read';
  return { there, absent: false, unreadable: new Map(failed === 0 ? [] : ids.filter((id) => !there.has(id)).map((id) => [id, why])) };
}

/** The names of the indices that hold records of NAME: other names may begin with `NAME-` too. */
async function ownIndices(elastic: Elastic, name: string): Promise<(index: string) => boolean> {
  const answer = await elastic.request({
    method: 'GET', path: `/_resolve/index/${encodeURIComponent(name)},${encodeURIComponent(`${name}-*`)}`, query: { expand_wildcards: 'open,closed,hidden' },
  });
  // A restored or shrunk index has another name, and that of its day as an alias.
  const named = new Set(listAt(isGood(answer) ? answer.body : undefined, 'aliases')
    .filter((alias) => isOurs(stringAt(alias, 'name') ?? '', name))
    .flatMap((alias) => [at(alias, 'indices')].flat().map(String)));
  return (index) => isOurs(index, name) || named.has(index);
}

/**
 * The ids of all documents of a range of receipt times in index, alias or stream, in their order, each
 * as often as there are documents of it; of one gateway alone where `instance` is given. Pages of one
 * point in time, so that what is written meanwhile changes nothing.
 *
 * @throws Failure
 */
export async function* listRecordIds(elastic: Elastic, index: string, range: { readonly since: number; readonly until: number; readonly instance: string | undefined }): AsyncGenerator<string> {
  const isOwn = await ownIndices(elastic, index);
  const target = `/${encodeURIComponent(index)},${encodeURIComponent(`${index}-*`)}`;
  const opened = await elastic.request({ method: 'POST', path: `${target}/_pit`, query: { keep_alive: KEEP_ALIVE, ignore_unavailable: 'true' } });
  if (opened.status === 404) return;
  if (!isGood(opened)) throw refusal(opened, `open a point in time of ${index}`);
  const pit = stringAt(opened.body, 'id');
  const filter = [
    { range: { timestamp: { gte: range.since, lt: range.until, format: 'epoch_millis' } } },
    ...(range.instance === undefined ? [] : [{ term: { gateway_instance: range.instance } }]),
  ];
  try {
    let after: readonly unknown[] | undefined;
    for (;;) {
      const answer = await elastic.request({
        method: 'POST', path: '/_search', query: { filter_path: 'hits.hits._id,hits.hits._index,hits.hits.sort' },
        body: {
          size: PAGE, _source: false, track_total_hits: false, pit: { id: pit, keep_alive: KEEP_ALIVE }, query: { bool: { filter } },
          sort: [{ request_id: { order: 'asc', unmapped_type: 'keyword' } }, { _shard_doc: 'asc' }],
          ...(after !== undefined && { search_after: after }),
        },
      });
      if (!isGood(answer)) throw refusal(answer, `search the records of ${index}`);
      const hits = listAt(answer.body, 'hits', 'hits');
      for (const hit of hits) {
        const id = stringAt(hit, '_id');
        if (id !== undefined && isOwn(stringAt(hit, '_index') ?? '')) yield id;
      }
      if (hits.length < PAGE) return;
      after = listAt(hits.at(-1), 'sort');
    }
  } finally {
    await elastic.request({ method: 'DELETE', path: '/_pit', body: { id: pit } }).catch(() => undefined);
  }
}
