import type { Elastic } from '../elastic/client.js';
import { findLeftOut } from '../elastic/metrics-left-out.js';
import { searchGroups } from '../elastic/metrics-search.js';
import { compileSearch, foundGroup } from './elasticsearch-compile.js';
import type { EngineResult } from './engine.js';
import { isMetric } from './metrics.js';
import type { MetricsQuery } from './query.js';
import { metricsOf, type Group } from './row.js';
import { compareValues, type Sort } from './sort.js';
import type { FieldValue } from './filter.js';

/**
 * Answers the query from the indices behind ELASTICSEARCH_INDEX. `found` tells whether anything bears that name.
 *
 * @throws Failure where the server refuses
 * @throws ElasticUnreachable
 */
export async function queryElasticsearch(query: MetricsQuery, elastic: Elastic, index: string): Promise<EngineResult & { readonly found: boolean }> {
  const { groups, shards } = await searchGroups(elastic, compileSearch(query, index));
  const { closed, limited } = await findLeftOut(elastic, index, query);
  const sorted = sortGroups(groups.map((group) => foundGroup(query.by, group)), query);
  return {
    groups: query.limit === undefined ? sorted : sorted.slice(0, query.limit),
    groupCount: sorted.length,
    brokenLines: 0,
    found: shards > 0 || closed.length > 0,
    remarks: [
      ...(closed.length === 0 ? [] : [`Not counted: ${closed.join(', ')}, which ${closed.length === 1 ? 'is' : 'are'} closed. POST ${closed.join(',')}/_open opens ${closed.length === 1 ? 'it' : 'them'}.`]),
      ...(limited.length === 0 ? [] : [`Only a part is counted of ${limited.join(', ')}: the alias ${index} has a filter or a routing there, which \`gateway es init --force\` takes away.`]),
    ],
  };
}

/** Only with all groups at hand can they be sorted by what the server has computed last. */
function sortGroups(groups: readonly Group[], { by, sort }: Pick<MetricsQuery, 'by' | 'sort'>): Group[] {
  const keyed = groups.map((group) => ({ group, value: sortValue(group, by, sort) }));
  keyed.sort((a, b) => compareValues(a.value, b.value, sort.descending) || compareKeys(a.group.key, b.group.key));
  return keyed.map(({ group }) => group);
}

function sortValue(group: Group, by: MetricsQuery['by'], { column }: Sort): FieldValue {
  return isMetric(column) ? metricsOf(group)[column] : group.key[by.indexOf(column)] ?? null;
}

function compareKeys(a: readonly FieldValue[], b: readonly FieldValue[]): number {
  for (const [i, value] of a.entries()) {
    const order = compareValues(value, b[i] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}
