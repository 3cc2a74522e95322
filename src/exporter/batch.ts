import type { Span } from '../telemetry/settlement.js';
import type { Lane } from './lane.js';

/** A line on its way. */
export interface Line {
  /** Newline included. */
  readonly bytes: Buffer;
  readonly span: Span;
  /** Offsets in its file. */
  readonly start: number;
  readonly end: number;
  /** An earlier run, or an attempt that was refused, may have written it shortly before. */
  readonly replayed: boolean;
  /** It comes from a retry file of lines whose being there is to be confirmed. */
  readonly confirming: boolean;
}

/** Lines that go to one index in one request. */
export interface Batch {
  readonly lane: Lane;
  readonly lines: Line[];
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

export function newBatch(lane: Lane, now: number, options: { probe?: boolean; maxLines?: number | undefined } = {}): Batch {
  return {
    lane, lines: [], bytes: 0, refusals: 0, resets: 0, ambiguous: false, notBefore: 0, bornAt: now,
    probe: options.probe ?? false, maxLines: options.maxLines,
  };
}

/** The lines of a batch as another one, with its history. */
export function derive(batch: Batch, lines: readonly Line[], framing: number, changes: Partial<Pick<Batch, 'refusals' | 'resets' | 'ambiguous' | 'notBefore'>> = {}): Batch {
  return {
    ...batch, probe: false, lines: [...lines],
    bytes: lines.reduce((sum, { bytes }) => sum + bytes.length + framing, 0),
    ...changes,
  };
}

/** Two halves of about the same size; of a batch of at least two lines. */
export function halves(batch: Batch, framing: number): [Batch, Batch] {
  const middle = Math.ceil(batch.lines.length / 2);
  return [
    derive(batch, batch.lines.slice(0, middle), framing, { resets: 0 }),
    derive(batch, batch.lines.slice(middle), framing, { resets: 0 }),
  ];
}
