import type { RecordFieldName } from '../domain/record-fields.js';
import type { Elastic } from '../elastic/client.js';
import { queryElasticsearch } from './elasticsearch-engine.js';
import { queryLocal, type LocalOptions } from './duckdb-engine.js';
import { hasDuckDb } from './duckdb-session.js';
import type { EngineResult } from './engine.js';
import { emptyElasticsearch, emptyLocal } from './nothing-found.js';
import type { MetricsQuery } from './query.js';
import { rowOf, type MetricsRow } from './row.js';
import { chooseSource, type Source } from './source.js';
import { iso } from './time-range.js';

/** What `gateway metrics top --json` prints: names and types are fixed. */
export interface MetricsReport {
  readonly source: 'local' | 'elasticsearch';
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601; exclusive. */
  readonly until: string;
  readonly by: readonly RecordFieldName[];
  readonly rows: readonly MetricsRow[];
}

export interface TopOptions {
  readonly query: MetricsQuery;
  readonly source: Source;
  readonly local: Omit<LocalOptions, 'note'>;
  readonly elasticsearch: {
    /** ENABLE_ELASTICSEARCH. */
    readonly enabled: boolean;
    /** ELASTICSEARCH_INDEX. */
    readonly index: string;
    /** Connects, works, closes. */
    readonly connect: <T>(work: (elastic: Elastic) => Promise<T>) => Promise<T>;
  };
  /** What the reader of the report should know beside it; one sentence each. */
  readonly note: (text: string) => void;
}

/**
 * Makes the report: from the source that was asked for, or that suits.
 *
 * @throws Failure of the engine
 */
export async function runTop(options: TopOptions): Promise<MetricsReport> {
  const { query, note, local, elasticsearch } = options;
  const { source, why } = await chooseSource(options.source, {
    dir: local.dir, elasticsearch: elasticsearch.enabled, index: elasticsearch.index, hasDuckDb: () => hasDuckDb(local.load),
  });
  if (why !== undefined) note(why);
  const result = source === 'local' ? await fromLocal(options) : await fromElasticsearch(options);
  for (const text of remarks(result)) note(text);
  return {
    source,
    since: iso(query.since),
    until: iso(query.until),
    by: query.by,
    rows: result.groups.map((group) => rowOf(query.by, group)),
  };
}

async function fromLocal({ query, local, elasticsearch, note }: TopOptions): Promise<EngineResult> {
  const result = await queryLocal(query, { ...local, note });
  if (result.groupCount === 0) note(await emptyLocal(query, local.dir, elasticsearch.enabled));
  return result;
}

async function fromElasticsearch({ query, elasticsearch: { connect, index }, note }: TopOptions): Promise<EngineResult> {
  const result = await connect((elastic) => queryElasticsearch(query, elastic, index));
  if (result.groupCount === 0) note(emptyElasticsearch(query, index, result.found));
  return result;
}

function remarks({ groups, groupCount, brokenLines, remarks: others = [] }: EngineResult): string[] {
  return [
    ...others,
    ...(brokenLines === 0 ? [] : [`Not counted: ${brokenLines.toLocaleString('en-US')} ${brokenLines === 1 ? 'line' : 'lines'} of the log that cannot be read.`]),
    ...(groups.length === groupCount ? [] : [`${String(groups.length)} of ${groupCount.toLocaleString('en-US')} groups are shown; --limit all shows every one.`]),
  ];
}
