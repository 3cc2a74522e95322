import type { Chunk } from '../telemetry/line-reader.js';
import { lineDate, lineDay } from '../telemetry/line-format.js';
import type { Settlement } from '../telemetry/settlement.js';
import type { Tail } from '../telemetry/tail.js';
import { oneByOne, newBatch, type Batch, type ReadRun } from './batch.js';
import type { Context } from './context.js';
import { dateOfQueue, queueOf, type Lane } from './lane.js';
import { CONFIRM_QUEUE } from './outcome.js';

/** Bytes of lines in memory, whatever the backlog. */
const MAX_MEMORY_BYTES = 24 * 1024 * 1024;
/** Disk that blocked indices may take a second time, so that others can pass. */
const MAX_RETRY_BYTES = 1024 * 1024 * 1024;
const PROBE_BYTES = 64 * 1024;

export interface IntakeOptions {
  readonly context: Context;
  readonly settlement: Settlement;
  readonly tail: Tail;
  readonly maxTelemetryBytes: number;
  /** Per segment, the bytes that an earlier run may have sent already. */
  readonly replayedUntil: ReadonlyMap<string, number>;
}

/** Reads lines, those that come again first, then the log's oldest, and hands each to the lane of its index. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #maxRetryBytes: number;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#maxRetryBytes = Math.min(MAX_RETRY_BYTES, Math.floor(options.maxTelemetryBytes / 4));
  }

  /** Reads until memory is full or nothing is left; whether anything was read. */
  async fill(): Promise<boolean> {
    const { work } = this.#options.context;
    let any = false;
    while (work.bytes < MAX_MEMORY_BYTES) {
      if (!await this.#readRetry() && !await this.#readLog()) break;
      any = true;
    }
    return any;
  }

  /** A few lines of a held index, to see whether it takes them; undefined where none wait. */
  async probe(lane: Lane): Promise<Batch | undefined> {
    const { context: { retry, now, work } } = this.#options;
    const chunk = await retry.next(lane.queue, { early: true, maxBytes: PROBE_BYTES });
    if (chunk === undefined) return undefined;
    const batch = newBatch(lane, now(), { probe: true });
    this.#sort(chunk, chunk.file, lane.queue, (run) => { work.push(batch, run); });
    return batch.lines === 0 ? undefined : batch;
  }

  /** Whether blocked indices have filled the disk that they may take. */
  get isFull(): boolean {
    const { work, retry } = this.#options.context;
    return [...work.lanes()].some(({ hold }) => hold !== undefined) && retry.bytes >= this.#maxRetryBytes;
  }

  async #readRetry(): Promise<boolean> {
    const { retry, work, now } = this.#options.context;
    for (const queue of retry.queues()) {
      const lane = queue === CONFIRM_QUEUE ? undefined : laneOfQueue(work, queue);
      if (lane?.hold !== undefined) continue;
      const chunk = await retry.next(queue);
      if (chunk === undefined) continue;
      this.#sort(chunk, chunk.file, queue, (run, to) => { work.add(to, run, now()); });
      return true;
    }
    return false;
  }

  async #readLog(): Promise<boolean> {
    if (this.isFull) return false;
    const { context: { work, cautions, now }, tail, settlement } = this.#options;
    const chunk = await tail.next();
    if (chunk === undefined) return false;
    if (chunk.bytes.length === 0) {
      // Bytes without a line's end.
      this.#options.context.counters.brokenLines++;
      settlement.skip(chunk.segment, chunk.end);
      return true;
    }
    const warned = cautions.filter(({ file }) => file === chunk.segment);
    this.#sort(chunk, chunk.segment, undefined, (run, lane) => {
      if (warned.length === 0) work.add(lane, run, now());
      else for (const line of oneByOne(run)) {
        const caution = warned.find(({ start, end }) => line.start >= start && line.start < end);
        work.add(lane, line, now(), caution === undefined ? undefined : Math.max(1, caution.maxLines));
      }
    });
    return true;
  }

  /** Cuts a chunk into runs of lines that go the same way. */
  #sort({ bytes, start }: Chunk, file: string, queue: string | undefined, take: (run: ReadRun, lane: Lane) => void): void {
    const { context: { work, counters }, settlement, replayedUntil } = this.#options;
    const confirming = queue === CONFIRM_QUEUE;
    const replayedBytes = queue === undefined ? (replayedUntil.get(file) ?? 0) - start : confirming ? 0 : Infinity;
    let day: number | undefined;
    let lane: Lane | undefined;
    let from = 0;
    let ends: number[] = [];
    const give = (): void => {
      if (lane === undefined || ends.length === 0) return;
      take({ bytes: bytes.subarray(from, from + (ends.at(-1) as number)), ends, file, start: start + from, replayed: from < replayedBytes, confirming }, lane);
      ends = [];
    };
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(0x0a, at) + 1;
      const itsDay = lineDay(bytes, at, end);
      if (itsDay !== day || (from < replayedBytes) !== (at < replayedBytes)) {
        give();
        if (itsDay !== day) lane = itsDay === undefined ? undefined : work.laneOf(lineDate(bytes, at));
        day = itsDay;
      }
      if (lane === undefined || lane.expired) {
        if (lane === undefined) counters.brokenLines++;
        else counters.expired++;
        settlement.skip(file, start + end);
      } else {
        if (ends.length === 0) from = at;
        ends.push(end - from);
      }
      at = end;
    }
    give();
  }
}

function laneOfQueue(work: Context['work'], queue: string): Lane | undefined {
  const date = dateOfQueue(queue);
  if (date !== undefined) return work.isDaily ? work.laneOf(date) : undefined;
  return queue === queueOf(undefined) && !work.isDaily ? work.laneOf('') : undefined;
}
