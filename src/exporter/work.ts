import type { Layout } from '../domain/elastic-names.js';
import { framingBytes } from '../elastic/bulk.js';
import { LINE_OFFSETS } from '../telemetry/line-format.js';
import type { Settlement } from '../telemetry/settlement.js';
import { newBatch, partOf, type Batch, type ReadRun, type Run } from './batch.js';
import { Lane } from './lane.js';
import { keepIn, Slabs } from './slabs.js';

export const FRAMING = framingBytes(LINE_OFFSETS);

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_BATCH_LINES = 10_000;
/** A limit that the cluster teaches is never taken to be lower than one long record. */
const MIN_BATCH_BYTES = 64 * 1024;

/** Everything that was read and is not settled: by lane, in batches that fill, and in batches that wait for their turn. */
export class Work {
  readonly #settlement: Settlement;
  readonly #name: string;
  readonly #layout: Layout;
  readonly #lanes = new Map<string, Lane>();
  readonly #filling = new Map<Lane, Batch>();
  readonly #slabs = new Slabs();
  #ready: Batch[] = [];
  #bytes = 0;
  #maxBatchBytes: number;

  constructor(options: { settlement: Settlement; name: string; layout: Layout; maxBatchBytes?: number }) {
    this.#settlement = options.settlement;
    this.#name = options.name;
    this.#layout = options.layout;
    this.#maxBatchBytes = options.maxBatchBytes ?? MAX_BATCH_BYTES;
  }

  /** Bytes of lines in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Largest body that is tried. */
  get maxBatchBytes(): number {
    return this.#maxBatchBytes;
  }

  /** Whether lanes fail one by one; else there is only one. */
  get isDaily(): boolean {
    return this.#layout === 'daily';
  }

  get ready(): readonly Batch[] {
    return this.#ready;
  }

  lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }

  laneOf(date: string): Lane {
    const key = this.isDaily ? date : '';
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, lane = new Lane(this.#name, this.#layout, date));
    return lane;
  }

  /** Takes lines in, in as many batches as they fill. */
  add(lane: Lane, run: ReadRun, now: number, maxLines?: number): void {
    for (let from = 0; from < run.ends.length;) {
      let batch = this.#filling.get(lane);
      if (batch !== undefined && batch.maxLines !== maxLines) {
        this.#close(lane);
        batch = undefined;
      }
      if (batch === undefined) this.#filling.set(lane, batch = newBatch(lane, now, { maxLines, slab: this.#slabs.take() }));
      const to = from + this.#fitting(batch, run, from, maxLines ?? MAX_BATCH_LINES);
      this.push(batch, partOf(run, from, to));
      if (batch.bytes >= this.#maxBatchBytes || batch.lines >= (maxLines ?? MAX_BATCH_LINES)) this.#close(lane);
      from = to;
    }
  }

  /** Puts lines into a batch that is not in any queue; their span is given to them here, so that neighbours of one batch share theirs. */
  push(batch: Batch, { file, ...run }: ReadRun): void {
    const lines = run.ends.length;
    const span = this.#settlement.add(file, run.start + run.bytes.length, batch.runs.at(-1)?.span, lines);
    const kept = batch.slab === undefined ? undefined : keepIn(batch.slab, run.bytes, lines);
    batch.runs.push({ ...run, bytes: kept ?? Buffer.from(run.bytes), slab: kept === undefined ? undefined : batch.slab, span });
    batch.lines += lines;
    batch.bytes += run.bytes.length + lines * FRAMING;
    this.#bytes += run.bytes.length;
  }

  /** Lets batches go that have filled for `ageMs`. */
  flush(now: number, ageMs: number): void {
    for (const [lane, { bornAt }] of this.#filling) if (now - bornAt >= ageMs) this.#close(lane);
  }

  /** When the next batch is old enough to go. */
  nextFlushAt(ageMs: number): number {
    let at = Infinity;
    for (const { bornAt } of this.#filling.values()) at = Math.min(at, bornAt + ageMs);
    return at;
  }

  /** The next batch that may go; batches of one lane go oldest first. */
  take(now: number, may: (batch: Batch) => boolean): Batch | undefined {
    const at = this.#ready.findIndex((batch) => batch.notBefore <= now && may(batch));
    return at === -1 ? undefined : this.#ready.splice(at, 1)[0];
  }

  /** Lines that come again go before those that were never sent. */
  requeue(...batches: readonly Batch[]): void {
    this.#ready.unshift(...batches);
  }

  /** Takes back every line of a lane that is not on its way. */
  withdraw(lane: Lane): Run[] {
    this.#close(lane);
    const runs = this.#ready.filter((batch) => batch.lane === lane).flatMap((batch) => batch.runs);
    this.#ready = this.#ready.filter((batch) => batch.lane !== lane);
    return runs;
  }

  /** The lines need no memory any more: they are written, or kept elsewhere on disk. */
  settle(run: Run): void {
    const { slab, ends: { length: lines } } = run;
    this.#bytes -= run.bytes.length;
    this.#settlement.settle(run.span, lines);
    if (slab === undefined) return;
    slab.open -= lines;
    if (slab.open === 0) this.#slabs.give(slab);
  }

  /** A body of this size was too large. */
  learnLimit(bytes: number): void {
    this.#maxBatchBytes = Math.max(MIN_BATCH_BYTES, Math.min(this.#maxBatchBytes, Math.floor(bytes / 2)));
  }

  isEmpty(): boolean {
    return this.#ready.length === 0 && this.#filling.size === 0;
  }

  /** How many lines from `from` on go into a batch until it is full, at least one. */
  #fitting(batch: Batch, { ends }: ReadRun, from: number, maxLines: number): number {
    const most = Math.min(ends.length - from, maxLines - batch.lines);
    const begin = from === 0 ? 0 : ends[from - 1] as number;
    let count = 1;
    while (count < most && batch.bytes + (ends[from + count - 1] as number) - begin + count * FRAMING < this.#maxBatchBytes) count++;
    return count;
  }

  #close(lane: Lane): void {
    const batch = this.#filling.get(lane);
    if (batch === undefined) return;
    this.#filling.delete(lane);
    this.#ready.push(batch);
  }
}
