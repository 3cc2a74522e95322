import { expect } from 'chai';
import { withDuckDb } from '../../../src/report/duckdb-session.js';
import { percentile, quantiles, type Percent } from '../../../src/report/nearest-rank.js';

const PERCENTS: readonly Percent[] = [50, 95, 99];

describe('percentiles by the nearest rank', () => {
  /** Ranks that are taken of 1, 2, … n, for each n that `sizes` gives. */
  const ranks = (sizes: string): Promise<unknown[][]> => withDuckDb(({ rows }) => rows(`
    WITH picked AS (SELECT n, count(i) AS counted, ${quantiles('i')} AS list FROM ${sizes} a(n), LATERAL range(1, n + 1) b(i) GROUP BY n)
    SELECT CAST(n AS INTEGER), ${PERCENTS.map((percent) => `CAST(${percentile(percent, 'list', 'counted')} AS INTEGER)`).join(', ')} FROM picked ORDER BY n`));

  /** As the HDR histogram of every supported Elasticsearch has it. */
  const nearest = (percent: number, n: number): number => Math.max(1, Math.floor((percent / 100) * n + 0.5));

  it('are those of the HDR histogram in groups of every size', async () => {
    const found = await ranks('range(1, 500)');
    expect(found).to.have.length(499);
    for (const [n, ...taken] of found as number[][]) {
      expect(taken, `of ${String(n)}`).to.deep.equal(PERCENTS.map((percent) => nearest(percent, n ?? 0)));
    }
  });

  it('are those of the HDR histogram in large groups too', async () => {
    for (const [n, ...taken] of await ranks('(VALUES (1009), (10031), (65536), (131071), (200031), (1000007))') as number[][]) {
      expect(taken, `of ${String(n)}`).to.deep.equal(PERCENTS.map((percent) => nearest(percent, n ?? 0)));
    }
  });

  it('are null where there is no value', async () => {
    const [row] = await withDuckDb(({ rows }) => rows(`
      SELECT ${PERCENTS.map((percent) => percentile(percent, 'list', 'counted')).join(', ')}
      FROM (SELECT count(i) AS counted, ${quantiles('i')} AS list FROM (VALUES (CAST(NULL AS BIGINT))) b(i))`));
    expect(row).to.deep.equal([null, null, null]);
  });
});
