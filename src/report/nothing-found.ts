import { findLogFiles } from './log-files.js';
import type { MetricsQuery } from './query.js';
import { iso } from './time-range.js';

/** Why the log has no answer, and what to do. */
export async function emptyLocal(query: MetricsQuery, dir: string, elasticsearch: boolean): Promise<string> {
  if ((await findLogFiles(dir)).length > 0) return nothingInRange(query, `the log in ${dir}`);
  return `Nothing is recorded in ${dir} yet. Start \`gateway serve\` (or \`gateway serve --demo\`, which needs no key), send a request through it, and run this again;`
    + ` where the gateway writes elsewhere, set TELEMETRY_DIR${elasticsearch ? ', or ask the cluster with --source elasticsearch' : ''}.`;
}

/** Why the cluster has no answer, and what to do. `found`: something bears the name `index`. */
export function emptyElasticsearch(query: MetricsQuery, index: string, found: boolean): string {
  if (found) return `${nothingInRange(query, index)} New records are found a few seconds after they were written; \`gateway es verify\` tells how far the exporter is behind.`;
  return `Elasticsearch has no index ${index} yet. Run \`gateway es init\`, start \`gateway serve\` with ENABLE_ELASTICSEARCH=true and send a request through it; where records have another name, set ELASTICSEARCH_INDEX.`;
}

function nothingInRange({ since, until, filters }: MetricsQuery, where: string): string {
  const range = `from ${iso(since)} to ${iso(until)}`;
  return filters.length === 0
    ? `${where} has nothing ${range}. Look further back, such as with --since 7d.`
    : `${where} has nothing ${range} that the filters let through. Leave one out, or look further back, such as with --since 7d.`;
}
