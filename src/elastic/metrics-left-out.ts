import { isGood } from './answers.js';
import type { Elastic } from './client.js';
import { at, objectAt } from './json.js';

/** Indices of a name that a search of it leaves out, wholly or in part. */
export interface LeftOut {
  /** A search passes over what is closed. */
  readonly closed: readonly string[];
  /** The alias shows only a part: it has a filter or a routing there. */
  readonly limited: readonly string[];
}

const NOTHING: LeftOut = { closed: [], limited: [] };

/**
 * What a search of `name` between two times (milliseconds) leaves out without an error. Nothing where the credentials may not look (index
 * privilege view_index_metadata).
 *
 * @throws ElasticUnreachable
 */
export async function findLeftOut(elastic: Elastic, name: string, range: { readonly since: number; readonly until: number }): Promise<LeftOut> {
  const answer = await elastic.request({
    method: 'GET', path: `/${encodeURIComponent(name)},${encodeURIComponent(`${name}-*`)}`,
    query: {
      ignore_unavailable: 'true', allow_no_indices: 'true', expand_wildcards: 'open,closed,hidden', filter_path: '*.aliases,*.settings.index.verified_before_close',
    },
  });
  if (!isGood(answer) || !answer.isJson) return NOTHING;
  const found = Object.entries(objectAt(answer.body)).filter(([index, value]) => isOf(index, value, name, range));
  return {
    closed: found.filter(([, value]) => String(at(value, 'settings', 'index', 'verified_before_close')) === 'true').map(([index]) => index).sort(),
    limited: found.filter(([, value]) => ['filter', 'search_routing'].some((part) => at(value, 'aliases', name, part) !== undefined)).map(([index]) => index).sort(),
  };
}

/** Whether the index is NAME or behind it, and its day, where the name has one, is within the range. */
function isOf(index: string, value: unknown, name: string, { since, until }: { readonly since: number; readonly until: number }): boolean {
  const day = index.startsWith(`${name}-`) && /^\d{4}-\d{2}-\d{2}$/.test(index.slice(name.length + 1)) ? index.slice(name.length + 1) : undefined;
  if (index !== name && day === undefined && at(value, 'aliases', name) === undefined) return false;
  const begin = day === undefined ? NaN : Date.parse(day);
  return Number.isNaN(begin) || (begin < until && begin + 86_400_000 > since);
}
