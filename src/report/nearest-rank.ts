/**
 * Percentiles by one rule on both engines. Elasticsearch's HDR histogram takes the value whose rank
 * is *nearest* to p × n; DuckDB's `quantile_disc` takes the next rank *above* it. In a group of
 * thirty that is a difference of one record, and one record can be far away. The rank below is had
 * from `quantile_disc` as well, by asking for a p that is smaller by between a half and one n-th.
 * As n differs from group to group, it is asked for every power of two, which costs nothing to
 * speak of: the values are selected once.
 */
const PERCENTS = [50, 95, 99] as const;
export type Percent = (typeof PERCENTS)[number];

/** Below 9 records no rank differs; above 2²⁰ one rank is no difference. */
const MIN_POWER = 4;
const MAX_POWER = 20;
const POWERS = Array.from({ length: MAX_POWER - MIN_POWER + 1 }, (_, i) => MIN_POWER + i);

/** Half of n is rounded up by both rules. */
const LADDERS: Readonly<Record<Percent, readonly number[]>> = { 50: [], 95: POWERS, 99: POWERS };
const QUANTILES = PERCENTS.flatMap((percent) => [percent / 100, ...LADDERS[percent].map((power) => percent / 100 - 2 ** -power)]);

/** All that `percentile` picks from; an aggregate. */
export function quantiles(column: string): string {
  return `quantile_disc(${column}, [${QUANTILES.join(', ')}])`;
}

/** The percentile, from a column with `quantiles` and one with the number of values that went in. */
export function percentile(percent: Percent, list: string, count: string): string {
  const first = QUANTILES.indexOf(percent / 100) + 1; // lists of SQL begin at 1
  if (LADDERS[percent].length === 0) return `${list}[${String(first)}]`;
  const above = `(${String(percent)} * ${count} + 99) // 100`;
  // The same arithmetic as the histogram's, so that halves are rounded alike.
  const nearest = `floor(CAST(${String(percent / 100)} AS DOUBLE) * ${count} + 0.5)`;
  return `CASE WHEN ${count} > ${String(2 ** MAX_POWER)} OR ${nearest} >= ${above} THEN ${list}[${String(first)}]`
    + ` ELSE ${list}[${String(first + 1 - MIN_POWER)} + CAST(ceil(log2(${count})) AS INTEGER)] END`;
}
