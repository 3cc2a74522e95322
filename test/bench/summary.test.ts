import { expect } from 'chai';
import { verdict } from '../../bench/report/goals.js';
import { cpu, p99, Summary } from '../../bench/report/summary.js';
import { median, percentiles } from '../../bench/load/percentiles.js';
import type { Sample } from '../../bench/suites/proxy.js';

function sample(round: number, target: string, cpuMsPer1k: number, noise = 0): Sample {
  const latency = { count: 1, p50: cpuMsPer1k, p99: cpuMsPer1k * 10, p999: cpuMsPer1k * 20, max: cpuMsPer1k * 30 };
  return { round, take: 0, target, phase: 'json', requests: 1000, perSecond: 1, cpuMsPer1k, errors: 0, latency, firstByte: undefined, gap: undefined, noise };
}

function summary(samples: readonly Sample[]): Summary {
  return new Summary({ rate: 1, samples, residentMb: {}, failures: {} });
}

describe('what a run of the benchmark says', () => {
  it('is the median of the rounds, and ratios are taken within a round', () => {
    const said = summary([[10, 20], [100, 110], [40, 40]].flatMap(([node = 0, ours = 0], round) => [sample(round, 'node', node), sample(round, 'log', ours)]));
    expect(said.value('log', 'json', cpu)).to.equal(40);
    expect(said.ratio('log', 'node', 'json', cpu)).to.equal(1.1);
    expect(said.added('log', 'json', p99)).to.equal(undefined);
  });

  it('leaves noisy samples out where enough quiet ones remain, and else takes all', () => {
    const quiet = [10, 11, 12].map((value, round) => sample(round, 'log', value));
    expect(summary([...quiet, sample(3, 'log', 500, 0.5), sample(4, 'log', 600, 0.5)]).value('log', 'json', cpu)).to.equal(11);
    expect(summary([sample(0, 'log', 10), sample(1, 'log', 20, 0.5), sample(2, 'log', 30, 0.5)]).value('log', 'json', cpu)).to.equal(20);
  });

  it('knows no value for what was not measured, and an aim without a value is neither met nor missed', () => {
    expect(summary([]).ratio('log', 'node', 'json', cpu)).to.equal(undefined);
    const goal = { kind: 'must', text: 'x', unit: '×' } as const;
    expect(verdict({ ...goal, limit: 1, value: undefined })).to.equal('not measured');
    expect(verdict({ ...goal, limit: 1, value: 1 })).to.equal('met');
    expect(verdict({ ...goal, limit: 1, value: 1.01 })).to.equal('not met');
    expect(verdict({ ...goal, limit: 0.8, atLeast: true, value: 0.79 })).to.equal('not met');
    expect(verdict({ ...goal, limit: 0.8, atLeast: true, value: 0.8 })).to.equal('met');
  });

  it('takes percentiles that were seen', () => {
    const values = Array.from({ length: 1000 }, (_, i) => i + 1).reverse();
    expect(percentiles(values)).to.deep.equal({ count: 1000, p50: 500, p99: 990, p999: 999, max: 1000 });
    expect(percentiles([])).to.equal(undefined);
    expect([median([3, 1, 2]), median([4, 1]), median([])]).to.deep.equal([2, 2.5, undefined]);
  });
});
