import { expect } from 'chai';
import { csvOf } from '../../../src/report/csv.js';
import { METRICS } from '../../../src/report/metrics.js';
import { tableOf } from '../../../src/report/render.js';
import { rowOf, type Group, type MetricsRow } from '../../../src/report/row.js';

const UNKNOWN: Group = {
  key: [], requests: 3, errors: 0, aborted: 0, latencyMeanMs: null, latencyP50Ms: null, latencyP95Ms: null, latencyP99Ms: null, providerLatencyMeanMs: null,
  inputTokens: null, outputTokens: null, totalTokens: null, timedOutputTokens: null, timedLatencyMs: null, cost: null,
};
const KNOWN: Group = {
  key: ['openai'], requests: 12_345, errors: 7, aborted: 2, latencyMeanMs: 1234.56789, latencyP50Ms: 900, latencyP95Ms: 4321, latencyP99Ms: 9, providerLatencyMeanMs: 7.26,
  inputTokens: 1_000_000, outputTokens: 0, totalTokens: 1_000_000, timedOutputTokens: 500, timedLatencyMs: 3_000, cost: 0.012345678901234567,
};
const by = ['provider'] as const;
const written = (text: string): string => text.replaceAll('\u001b', '\\x1b').replaceAll('\n', '\\x0a');

describe('the rows of metrics top', () => {
  it('have the fields of the group and every metric, in their order', () => {
    expect(Object.keys(rowOf(by, KNOWN))).to.deep.equal(['provider', ...METRICS.map(({ name }) => name)]);
  });

  it('are null where nothing is known, never 0', () => {
    const row = rowOf([], UNKNOWN);
    expect(row).to.include({ requests: 3, errors: 0, error_rate: 0 });
    const unknown = Object.entries(row).filter(([, value]) => value === null).map(([name]) => name);
    expect(unknown).to.deep.equal(METRICS.map(({ name }) => name).slice(4));
  });

  it('divide tokens by the time of the records that have both', () => {
    expect(rowOf(by, KNOWN).tokens_per_second).to.equal(166.667);
    expect(rowOf(by, { ...KNOWN, timedOutputTokens: 0 }).tokens_per_second).to.equal(0);
    expect(rowOf(by, { ...KNOWN, timedLatencyMs: 0 }).tokens_per_second).to.equal(null);
  });

  it('carry no more digits than mean something', () => {
    expect(rowOf(by, KNOWN)).to.include({ error_rate: 0.000567, latency_mean_ms: 1234.568, cost: 0.0123456789012 });
  });
});

describe('the table of metrics top', () => {
  it('rounds for people and says what is unknown', () => {
    const { head, rows, align } = tableOf({ by, rows: [rowOf(by, KNOWN), rowOf(by, { ...UNKNOWN, key: [null] })] });
    expect(head).to.deep.equal(['provider', 'requests', 'errors', 'err %', 'aborted', 'mean ms', 'p50 ms', 'p95 ms', 'p99 ms', 'prov. ms', 'tok in', 'tok out', 'tok/s', 'cost $']);
    expect(rows[0]).to.deep.equal(['openai', '12,345', '7', '0.1', '2', '1,235', '900', '4,321', '9', '7.3', '1,000,000', '0', '166.7', '0.01235']);
    expect(rows[1]).to.deep.equal(['(none)', '3', '0', '0', '0', ...Array<string>(9).fill('–')]);
    expect(align.slice(0, 2)).to.deep.equal(['left', 'right']);
    expect(align).to.have.length(head.length);
  });

  it('does without what is missed least where the terminal is narrow', () => {
    const report = { by, rows: [rowOf(by, KNOWN)] };
    const all = tableOf(report);
    expect(all.leftOut).to.deep.equal([]);
    const width = 1 + all.head.reduce((sum, head, i) => sum + 3 + Math.max(head.length, all.rows[0]?.[i]?.length ?? 0), 0);
    expect(tableOf(report, width)).to.deep.equal(all);
    const narrower = tableOf(report, width - 1);
    expect(narrower.leftOut).to.deep.equal(['prov. ms']);
    expect(narrower.head).to.deep.equal(all.head.filter((head) => head !== 'prov. ms'));
    expect(narrower.rows[0]).to.have.length(narrower.head.length);
    expect(tableOf(report, 50).head).to.deep.equal(['provider', 'requests', 'errors', 'cost $']);
    expect(tableOf(report, 20).head).to.deep.equal(['provider', 'requests']);
  });

  it('writes sums of money of every size', () => {
    const cost = (value: number): string => tableOf({ by: [], rows: [rowOf([], { ...UNKNOWN, cost: value })] }).rows[0]?.at(-1) ?? '';
    expect([0, 1234.5, 1, 0.999, 0.5, 0.012, 0.0000001234].map(cost)).to.deep.equal(['0', '1,234.50', '1.00', '0.999', '0.5', '0.012', '0.0000001234']);
  });
});

describe('the CSV of metrics top', () => {
  const cells = (values: readonly MetricsRow['provider'][]): string[] =>
    csvOf({ by, rows: values.map((value) => rowOf(by, { ...UNKNOWN, key: [value ?? null] })) }, written)
      .split('\r\n').slice(1).map((line) => line.slice(0, line.indexOf(',3,0,0,0,')));

  it('has the names of the JSON form, numbers as they are, and nothing for what is unknown', () => {
    expect(csvOf({ by, rows: [rowOf(by, KNOWN), rowOf(by, { ...UNKNOWN, key: [null] })] }, written).split('\r\n')).to.deep.equal([
      'provider,requests,errors,error_rate,aborted,latency_mean_ms,latency_p50_ms,latency_p95_ms,latency_p99_ms,provider_latency_mean_ms,input_tokens,output_tokens,total_tokens,tokens_per_second,cost',
      'openai,12345,7,0.000567,2,1234.568,900,4321,9,7.26,1000000,0,1000000,166.667,0.0123456789012',
      ',3,0,0,0,,,,,,,,,,',
    ]);
  });

  it('disarms what a spreadsheet would compute', () => {
    expect(cells(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '=a"b'])).to.deep.equal(['"\'=1+1"', '"\'+1"', '"\'-1"', '"\'@SUM(A1)"', '"\' =1"', '"\'=a""b"']);
  });

  it('disarms full-width and small forms as well', () => {
    for (const sign of ['\uff1d', '\uff0b', '\uff0d', '\uff20', '\u2212', '\ufe62', '\ufe63', '\ufe66', '\ufe6b']) {
      expect(cells([`${sign}1+1`, ` ${sign}1`])).to.deep.equal([`"'${sign}1+1"`, `"' ${sign}1"`]);
    }
    expect(cells(['a\uff1d1'])).to.deep.equal(['a\uff1d1']);
  });

  it('quotes separators and quotes, and writes control characters out', () => {
    expect(cells(['a,b', 'a"b', 'a;b', 'plain', 'a\nb', '\u001b[31m'])).to.deep.equal(['"a,b"', '"a""b"', '"a;b"', 'plain', 'a\\x0ab', '\\x1b[31m']);
  });

  it('writes truth values and numbers of groups as they are', () => {
    expect(cells([true, 200])).to.deep.equal(['true', '200']);
  });
});
