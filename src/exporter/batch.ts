import type { Span } from '../telemetry/settlement.js';
import type { Lane } from './lane.js';
import type { Slab } from './slabs.js';

/**
 * Lines that stand next to each other in a file and go the same way. One object for all of them: one
 * for each would be most of what an export costs.
 */
export interface Run {
  /** The lines, newlines included. */
  readonly bytes: Buffer;
  /** Where each line ends in `bytes`. */
  readonly ends: readonly number[];
  readonly span: Span;
  /** Where the bytes lie; undefined where in memory of their own. */
  readonly slab: Slab | undefined;
  /** Offset of the first line in its file. */
  readonly start: number;
  /** An earlier run of the gateway, or an attempt that was refused, may have written them shortly before. */
  readonly replayed: boolean;
  /** They come from a retry file of lines whose being there is to be confirmed. */
  readonly confirming: boolean;
}

/** Lines that were read and belong to no batch yet: they last until the next read. */
export type ReadRun = Omit<Run, 'span' | 'slab'> & { readonly file: string };

/** Lines that go to one index in one request. */
export interface Batch {
  readonly lane: Lane;
  /** Memory for lines that are still to come. */
  readonly slab: Slab | undefined;
  readonly runs: Run[];
  /** How many lines. */
  lines: number;
  /** Bytes of the framed body. */
  bytes: number;
  /** Answers that refused these lines. */
  refusals: number;
  /** Connections that broke in a row while the cluster was well. */
  resets: number;
  /** An attempt may have written lines without our learning it. */
  ambiguous: boolean;
  /** Monotonic milliseconds. */
  notBefore: number;
  readonly bornAt: number;
  /** Asks whether a held index takes documents again. */
  readonly probe: boolean;
  /** At most this many lines, sent alone: one of them may have killed the thread. */
  readonly maxLines: number | undefined;
}

export function newBatch(lane: Lane, now: number, options: { probe?: boolean; maxLines?: number | undefined; slab?: Slab | undefined } = {}): Batch {
  return {
    lane, slab: options.slab, runs: [], lines: 0, bytes: 0, refusals: 0, resets: 0, ambiguous: false, notBefore: 0, bornAt: now,
    probe: options.probe ?? false, maxLines: options.maxLines,
  };
}

/** Lines of a batch as another one, with its history; no more are put into it. */
export function derive(batch: Batch, runs: readonly Run[], framing: number, changes: Partial<Pick<Batch, 'refusals' | 'resets' | 'ambiguous' | 'notBefore'>> = {}): Batch {
  const lines = countLines(runs);
  return {
    ...batch, slab: undefined, probe: false, runs: [...runs], lines,
    bytes: runs.reduce((sum, { bytes }) => sum + bytes.length, lines * framing),
    ...changes,
  };
}

/** Two halves of as many lines; of a batch of at least two lines. */
export function halves(batch: Batch, framing: number): [Batch, Batch] {
  const first: Run[] = [];
  const second: Run[] = [];
  let left = Math.ceil(batch.lines / 2);
  for (const run of batch.runs) {
    const count = Math.min(left, run.ends.length);
    if (count > 0) first.push(partOf(run, 0, count));
    if (count < run.ends.length) second.push(partOf(run, count, run.ends.length));
    left -= count;
  }
  return [derive(batch, first, framing, { resets: 0 }), derive(batch, second, framing, { resets: 0 })];
}

export function countLines(runs: readonly Pick<Run, 'ends'>[]): number {
  return runs.reduce((sum, { ends }) => sum + ends.length, 0);
}

/** The lines `from` to before `to` of a run. */
export function partOf<R extends Omit<Run, 'span' | 'slab'>>(run: R, from: number, to: number): R {
  if (from === 0 && to === run.ends.length) return run;
  const begin = from === 0 ? 0 : run.ends[from - 1] as number;
  return {
    ...run,
    bytes: run.bytes.subarray(begin, run.ends[to - 1]),
    ends: run.ends.slice(from, to).map((end) => end - begin),
    start: run.start + begin,
  };
}

/** Each line of a run by itself. */
export function oneByOne<R extends Omit<Run, 'span' | 'slab'>>(run: R): R[] {
  return run.ends.map((_, i) => partOf(run, i, i + 1));
}
