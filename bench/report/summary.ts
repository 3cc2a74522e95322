import { median } from '../load/percentiles.js';
import type { PhaseName } from '../suites/phases.js';
import type { ProxyResult, Sample } from '../suites/proxy.js';

/** Above this share of the target's core in others' hands, a sample is left out. */
const NOISE_LIMIT = 0.12;
/** So many quiet samples are needed, else all of them count. */
const ENOUGH = 3;

type Read = (sample: Sample) => number | undefined;

export const cpu: Read = ({ cpuMsPer1k }) => cpuMsPer1k;
export const perSecond: Read = (sample) => sample.perSecond;
export const p50: Read = ({ latency }) => latency?.p50;
export const p99: Read = ({ latency }) => latency?.p99;
export const p999: Read = ({ latency }) => latency?.p999;
export const firstByte: Read = (sample) => sample.firstByte?.p50;
export const gap99: Read = ({ gap }) => gap?.p99;

/** Medians and ratios over the rounds of a run. */
export class Summary {
  readonly #result: ProxyResult;

  constructor(result: ProxyResult) {
    this.#result = result;
  }

  has(target: string): boolean {
    return this.#result.samples.some((sample) => sample.target === target);
  }

  /** Median over the quiet rounds; undefined where nothing was measured. */
  value(target: string, phase: PhaseName, read: Read): number | undefined {
    return median(this.#quiet(target, phase).map(read).filter((value) => value !== undefined));
  }

  /** Median over the rounds of the value less that of the direct calls in the same round. */
  added(target: string, phase: PhaseName, read: Read): number | undefined {
    return this.#paired(target, 'direct', phase, read, (value, base) => value - base);
  }

  /** Median over the rounds of the quotient within the same round. */
  ratio(target: string, base: string, phase: PhaseName, read: Read): number | undefined {
    return this.#paired(target, base, phase, read, (value, of) => value / of);
  }

  errors(target: string): number {
    return this.#result.samples.filter((sample) => sample.target === target).reduce((sum, { errors }) => sum + errors, 0);
  }

  residentMb(target: string): number | undefined {
    return median(this.#result.residentMb[target] ?? []);
  }

  /** Rounds that the figures rest on, and all. */
  rounds(target: string, phase: PhaseName): { readonly used: number; readonly all: number } {
    return { used: this.#quiet(target, phase).length, all: this.#samples(target, phase).length };
  }

  #paired(target: string, base: string, phase: PhaseName, read: Read, combine: (value: number, base: number) => number): number | undefined {
    const bases = new Map(this.#quiet(base, phase).map((sample) => [turn(sample), read(sample)]));
    const quiet = this.#quiet(target, phase).filter((sample) => bases.has(turn(sample)));
    const values = quiet.map((sample) => {
      const value = read(sample);
      const of = bases.get(turn(sample));
      return value === undefined || of === undefined ? undefined : combine(value, of);
    });
    return median(values.filter((value) => value !== undefined));
  }

  #samples(target: string, phase: PhaseName): Sample[] {
    return this.#result.samples.filter((sample) => sample.target === target && sample.phase === phase);
  }

  #quiet(target: string, phase: PhaseName): Sample[] {
    const all = this.#samples(target, phase);
    const quiet = all.filter(({ noise }) => noise <= NOISE_LIMIT);
    return quiet.length >= Math.min(ENOUGH, all.length) ? quiet : all;
  }
}

/** Samples of one turn were measured one right after the other. */
function turn({ round, take }: Sample): string {
  return `${round}.${take}`;
}
