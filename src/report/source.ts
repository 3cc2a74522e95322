import { didYouMean, wrongFlag } from './flag-failure.js';
import { findLogFiles } from './log-files.js';

const SOURCES = ['auto', 'local', 'elasticsearch'] as const;
/** Where a report is to come from; `auto` leaves the choice to the report. */
export type Source = (typeof SOURCES)[number];

export interface Surroundings {
  /** TELEMETRY_DIR. */
  readonly dir: string;
  /** ENABLE_ELASTICSEARCH. */
  readonly elasticsearch: boolean;
  /** ELASTICSEARCH_INDEX. */
  readonly index: string;
  /** Whether DuckDB can be loaded; asked only where it matters. */
  readonly hasDuckDb: () => Promise<boolean>;
}

/** @throws Failure `bad_flag_value` */
export function parseSource(text: string | undefined): Source {
  const found = SOURCES.find((source) => source === (text ?? 'auto').trim().toLowerCase());
  if (found === undefined) throw wrongFlag('source', text ?? '', 'is not a source', `${didYouMean(text ?? '', SOURCES)}Use one of: ${SOURCES.join(', ')}.`);
  return found;
}

/**
 * The source that is read, and for `auto` a sentence that says which and why. The log of this machine
 * is at hand and complete up to now, so it comes first; where there is none (a colleague's laptop, a
 * new container), the cluster has the records, if it is in use at all.
 */
export async function chooseSource(wanted: Source, { dir, elasticsearch, index, hasDuckDb }: Surroundings): Promise<{ source: 'local' | 'elasticsearch'; why?: string }> {
  if (wanted !== 'auto') return { source: wanted };
  const isEmpty = (await findLogFiles(dir)).length === 0;
  if (!elasticsearch) return { source: 'local', ...(!isEmpty && { why: `Source: the log in ${dir}.` }) };
  if (isEmpty) return { source: 'elasticsearch', why: `Source: Elasticsearch (${index}), because there are no records in ${dir}.` };
  if (await hasDuckDb()) return { source: 'local', why: `Source: the log in ${dir}, what this machine has recorded; --source elasticsearch asks the cluster.` };
  return { source: 'elasticsearch', why: `Source: Elasticsearch (${index}), because DuckDB is not installed for this platform.` };
}
