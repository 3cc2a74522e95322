import { access, rm } from 'node:fs/promises';
import { fromLines, fromParquet, fileList } from './duckdb-schema.js';
import { withDuckDb, type DuckDb, type Session } from './duckdb-session.js';
import { compileSql, fieldsOf, groupOf } from './duckdb-sql.js';
import type { EngineResult } from './engine.js';
import { isOutOfMemory, tooLarge, unreadable } from './log-failures.js';
import { findLogFiles } from './log-files.js';
import { prepareSources, type LogSources, type SourceOptions } from './log-sources.js';
import type { MetricsQuery } from './query.js';

export interface LocalOptions extends Omit<SourceOptions, 'since'> {
  /** Loads DuckDB; replaced where its absence is tested. */
  readonly load?: () => Promise<DuckDb>;
  /** Called with the files that are about to be read; for tests of what happens to them meanwhile. */
  readonly onSources?: (sources: LogSources) => Promise<void>;
}

/**
 * Answers the query from the segments in TELEMETRY_DIR.
 *
 * @throws Failure `duckdb_missing`, `log_too_large`, `log_unreadable`
 */
export async function queryLocal(query: MetricsQuery, options: LocalOptions): Promise<EngineResult> {
  return withDuckDb(async (session) => {
    let sources: LogSources = { parquet: [], lines: [] };
    const attempt = async (): Promise<EngineResult> => {
      const files = await findLogFiles(options.dir);
      sources = await prepareSources(session, files, { ...options, since: query.since });
      await options.onSources?.(sources);
      return run(session, query, sources);
    };
    try {
      return await attempt();
    } catch (error) {
      if (isOutOfMemory(error)) throw tooLarge(error);
      if (!await isGone(sources)) await dropCached(sources);
    }
    return attempt().catch((error: unknown) => { throw isOutOfMemory(error) ? tooLarge(error) : unreadable(options.dir, error); });
  }, options.load);
}

async function run(session: Session, query: MetricsQuery, { parquet, lines }: LogSources): Promise<EngineResult> {
  if (parquet.length + lines.length === 0) return { groups: [], groupCount: 0, brokenLines: 0 };
  const fields = fieldsOf(query);
  const parts: string[] = [];
  if (parquet.length > 0) parts.push(fromParquet(parquet, fields));
  if (lines.length > 0) {
    await session.rows(`CREATE OR REPLACE TEMP TABLE open_segments AS ${fromLines(lines, fields)}`);
    parts.push(`SELECT ${fields.join(', ')} FROM open_segments`);
  }
  const { sql, values } = compileSql(query, parts.join(' UNION ALL '));
  const rows = (await session.rows(sql, values)).map((row) => groupOf(query, row));
  return {
    groups: rows.map(({ group }) => group),
    groupCount: rows[0]?.groupCount ?? 0,
    brokenLines: await countBroken(session, parquet, lines.length > 0),
  };
}

/** Lines that are no records have no timestamp; of Parquet files their footers tell how many. */
async function countBroken(session: Session, parquet: readonly string[], open: boolean): Promise<number> {
  const counts = [
    ...(parquet.length > 0 ? [`SELECT sum(stats_null_count) AS n FROM parquet_metadata(${fileList(parquet)}) WHERE path_in_schema = 'timestamp'`] : []),
    ...(open ? ['SELECT count(*) AS n FROM open_segments WHERE timestamp IS NULL'] : []),
  ];
  const [row] = await session.rows(`SELECT CAST(coalesce(sum(n), 0) AS DOUBLE) FROM (${counts.join(' UNION ALL ')})`);
  return Number(row?.[0] ?? 0);
}

/** Whether retention has removed one of the files meanwhile. */
async function isGone({ parquet, lines }: LogSources): Promise<boolean> {
  const there = await Promise.all([...parquet, ...lines].map((path) => access(path).then(() => true, () => false)));
  return there.includes(false);
}

/** A power cut can leave a copy that is no Parquet: it is made anew. */
async function dropCached({ parquet }: LogSources): Promise<void> {
  await Promise.all(parquet.map((path) => rm(path, { force: true }).catch(() => undefined)));
}
