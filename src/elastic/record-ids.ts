import type { Layout } from '../domain/elastic-names.js';
import { isGood, refusal } from './answers.js';
import type { Elastic } from './client.js';
import { at, listAt, stringAt } from './json.js';

const PAGE = 5_000;
const KEEP_ALIVE = '2m';

/**
 * Which of the ids an index has. Reads in real time: what was acknowledged is seen at once, before
 * any refresh (not in a data stream, whose documents only a search finds).
 *
 * @throws Failure
 */
export async function findDocuments(elastic: Elastic, index: string, ids: readonly string[], layout: Layout): Promise<Set<string>> {
  if (layout === 'data-stream') return search(elastic, index, ids);
  const answer = await elastic.request({
    method: 'POST', path: `/${encodeURIComponent(index)}/_mget`,
    query: { _source: 'false', realtime: 'true', filter_path: 'docs._id,docs.found,docs.error.type' }, body: { ids },
  });
  // An index that is not there has none of them; some versions say so as a whole, some of each document.
  if (answer.status === 404) return new Set();
  if (!isGood(answer)) throw refusal(answer, `read records of ${index}`);
  return new Set(listAt(answer.body, 'docs').flatMap((doc) => (at(doc, 'found') === true ? stringAt(doc, '_id') ?? [] : [])));
}

async function search(elastic: Elastic, index: string, ids: readonly string[]): Promise<Set<string>> {
  const path = `/${encodeURIComponent(index)}`;
  await elastic.request({ method: 'POST', path: `${path}/_refresh`, query: { ignore_unavailable: 'true' } });
  const answer = await elastic.request({
    method: 'POST', path: `${path}/_search`, query: { ignore_unavailable: 'true', filter_path: 'hits.hits._id' },
    body: { size: ids.length, _source: false, query: { ids: { values: ids } } },
  });
  if (answer.status === 404) return new Set();
  if (!isGood(answer)) throw refusal(answer, `search records of ${index}`);
  return new Set(listAt(answer.body, 'hits', 'hits').flatMap((hit) => stringAt(hit, '_id') ?? []));
}

/**
 * The ids of all documents of a range of receipt times in index, alias or stream, in their order, each
 * as often as there are documents of it; of one gateway alone where `instance` is given. Pages of one
 * point in time, so that what is written meanwhile changes nothing.
 *
 * @throws Failure
 */
export async function* listRecordIds(elastic: Elastic, index: string, range: { readonly since: number; readonly until: number; readonly instance: string | undefined }): AsyncGenerator<string> {
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
        method: 'POST', path: '/_search', query: { filter_path: 'hits.hits._id,hits.hits.sort' },
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
        if (id !== undefined) yield id;
      }
      if (hits.length < PAGE) return;
      after = listAt(hits.at(-1), 'sort');
    }
  } finally {
    await elastic.request({ method: 'DELETE', path: '/_pit', body: { id: pit } }).catch(() => undefined);
  }
}
