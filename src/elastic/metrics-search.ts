import { EXIT, Failure } from '../domain/failure.js';
import { isGood, refusal } from './answers.js';
import type { Elastic } from './client.js';
import { listAt, numberAt, objectAt, type JsonObject } from './json.js';
import { requireElasticsearch } from './server-info.js';

/** Aggregations over the groups of some fields. */
export interface GroupSearch {
  /** ELASTICSEARCH_INDEX: an index, an alias or a data stream. */
  readonly index: string;
  readonly query: JsonObject;
  /** Fields that make the groups, in order; none makes one group of everything. */
  readonly by: readonly string[];
  /** Metric aggregations of each group. */
  readonly aggregations: JsonObject;
}

/** One group as the server answers it. */
export interface FoundGroup {
  /** Values of `by`, null for documents without the field. */
  readonly key: readonly unknown[];
  readonly count: number;
  readonly aggregations: JsonObject;
}

export interface FoundGroups {
  readonly groups: readonly FoundGroup[];
  /** Shards that were searched: none means that nothing bears the name. */
  readonly shards: number;
}

/** An HDR histogram per group takes up to about 200 KiB of the server's heap, so pages are small. */
const LIMITS = { pageSize: 200, maxGroups: 100_000 };
/** Groups without figures cost little. */
const COUNT_PAGE = 10_000;
const TIMEOUT_MS = 120_000;
/** `cardinality` estimates: it is a few per cent off beyond its threshold, which is at its highest here. */
const PRECISION = 40_000;
const ESTIMATE_MARGIN = 1.1;

/**
 * All groups with exact counts: a `composite` aggregation, page by page. Parts of an answer are not an
 * answer: a shard that fails, fails the search. Where there is more than one page, the groups are counted
 * before they are measured, so that too many of them are refused at once.
 *
 * @throws Failure where no supported Elasticsearch answers, where it refuses, or where there are over 100,000 groups
 * @throws ElasticUnreachable
 */
export async function searchGroups(elastic: Elastic, search: GroupSearch, limits = LIMITS): Promise<FoundGroups> {
  await requireElasticsearch(elastic);
  const found = search.by.length === 0 ? await searchAll(elastic, search) : await searchPages(elastic, search, limits);
  if (found.shards === 0) await requireReadable(elastic, search.index);
  return found;
}

async function searchPages(elastic: Elastic, search: GroupSearch, limits: typeof LIMITS): Promise<FoundGroups> {
  const groups: FoundGroup[] = [];
  let after: JsonObject | undefined;
  let shards: number;
  do {
    const body = await ask(elastic, search, { groups: { composite: composite(search.by, limits.pageSize, after), aggs: search.aggregations } });
    const buckets = listAt(body, 'aggregations', 'groups', 'buckets');
    for (const bucket of buckets) {
      const key = objectAt(bucket, 'key');
      groups.push({ key: search.by.map((_, i) => key[source(i)] ?? null), count: numberAt(bucket, 'doc_count') ?? 0, aggregations: objectAt(bucket) });
    }
    shards = numberAt(body, '_shards', 'total') ?? 0;
    const next = objectAt(body, 'aggregations', 'groups', 'after_key');
    const isFirst = after === undefined;
    after = buckets.length < limits.pageSize || Object.keys(next).length === 0 ? undefined : next;
    if (isFirst && after !== undefined) await requireFewGroups(elastic, search, limits);
  } while (after !== undefined);
  return { groups, shards };
}

/** A look at each field, which is quick, then at their combinations without any figures of them. */
async function requireFewGroups(elastic: Elastic, search: GroupSearch, { maxGroups }: typeof LIMITS): Promise<void> {
  const fields = await ask(elastic, search, Object.fromEntries(search.by.map((field, i) => [source(i), { cardinality: { field, precision_threshold: PRECISION } }])));
  const values = search.by.map((_, i) => numberAt(fields, 'aggregations', source(i), 'value') ?? 0);
  const most = Math.max(...values);
  if (most > maxGroups * ESTIMATE_MARGIN) throw tooMany(search, maxGroups, most);
  // One more of each: records without the field.
  if (values.reduce((product, value) => product * (value + 1), 1) * ESTIMATE_MARGIN < maxGroups) return;
  let after: JsonObject | undefined;
  let count = 0;
  do {
    const body = await ask(elastic, search, { groups: { composite: composite(search.by, COUNT_PAGE, after) } });
    const found = listAt(body, 'aggregations', 'groups', 'buckets').length;
    count += found;
    if (count > maxGroups) throw tooMany(search, maxGroups);
    const next = objectAt(body, 'aggregations', 'groups', 'after_key');
    after = found < COUNT_PAGE || Object.keys(next).length === 0 ? undefined : next;
  } while (after !== undefined);
}

async function searchAll(elastic: Elastic, search: GroupSearch): Promise<FoundGroups> {
  // A filter that lets everything through counts exactly, whatever `track_total_hits` means to the version.
  const body = await ask(elastic, search, { all: { filter: { match_all: {} }, aggs: search.aggregations } });
  const all = objectAt(body, 'aggregations', 'all');
  const count = numberAt(all, 'doc_count') ?? 0;
  return { groups: count === 0 ? [] : [{ key: [], count, aggregations: all }], shards: numberAt(body, '_shards', 'total') ?? 0 };
}

function composite(by: readonly string[], size: number, after: JsonObject | undefined): JsonObject {
  return {
    size,
    sources: by.map((field, i) => ({ [source(i)]: { terms: { field, missing_bucket: true } } })),
    ...(after !== undefined && { after }),
  };
}

function source(i: number): string {
  return `k${String(i)}`;
}

async function ask(elastic: Elastic, { index, query }: GroupSearch, aggs: JsonObject): Promise<unknown> {
  const answer = await elastic.request({
    method: 'POST',
    path: `/${encodeURIComponent(index)}/_search`,
    query: { ignore_unavailable: 'true', allow_no_indices: 'true', allow_partial_search_results: 'false' },
    body: { size: 0, track_total_hits: false, query, aggs },
    timeoutMs: TIMEOUT_MS,
  });
  if (!isGood(answer) || !answer.isJson) throw refusal(answer, `search ${index}`);
  return answer.body;
}

/** What may not be read is passed over like what is not there; only a search that insists on the name tells. */
async function requireReadable(elastic: Elastic, index: string): Promise<void> {
  const answer = await elastic.request({ method: 'POST', path: `/${encodeURIComponent(index)}/_search`, body: { size: 0 } });
  if (!isGood(answer) && answer.status !== 404) throw refusal(answer, `search ${index}`);
}

function tooMany({ by }: GroupSearch, max: number, estimate?: number): Failure {
  const about = estimate === undefined ? '' : ` (about ${estimate.toLocaleString('en-US')})`;
  return new Failure({
    code: 'too_many_groups',
    message: `there are over ${max.toLocaleString('en-US')} groups by ${by.join(' and ')}${about}, too many to get from Elasticsearch`,
    fix: 'Ask for less: a later --since, a --filter, or a field with fewer values. On a machine with the log, --source local can count them.',
    exitCode: EXIT.failed,
  });
}
