import type { Chunk } from '../telemetry/line-reader.js';
import { lineKey } from '../telemetry/line-format.js';
import type { Settlement } from '../telemetry/settlement.js';
import type { Tail } from '../telemetry/tail.js';
import { newBatch, type Batch } from './batch.js';
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
    this.#sort(chunk, chunk.file, lane.queue, (line) => { work.push(batch, line); });
    return batch.lines.length === 0 ? undefined : batch;
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
      this.#sort(chunk, chunk.file, queue, (line, to) => { work.add(to, line, now()); });
      return true;
    }
    return false;
  }

  async #readLog(): Promise<boolean> {
    if (this.isFull) return false;
    const { context: { work, cautions, now }, tail, settlement } = this.#options;
    const chunk = await tail.next();
    if (chunk === undefined) return false;
    if (chunk.lines.length === 0) {
      // Bytes without a line's end.
      this.#options.context.counters.brokenLines++;
      settlement.skip(chunk.segment, chunk.end);
      return true;
    }
    const warned = cautions.filter(({ file }) => file === chunk.segment);
    this.#sort(chunk, chunk.segment, undefined, (line, lane) => {
      const caution = warned.find(({ start, end }) => line.start >= start && line.start < end);
      work.add(lane, line, now(), caution === undefined ? undefined : Math.max(1, caution.maxLines));
    });
    return true;
  }

  #sort(chunk: Chunk, file: string, queue: string | undefined, take: (line: Parameters<Context['work']['push']>[1], lane: Lane) => void): void {
    const { context: { work, counters }, settlement, replayedUntil } = this.#options;
    const replayed = queue === undefined ? replayedUntil.get(file) ?? 0 : 0;
    const confirming = queue === CONFIRM_QUEUE;
    let start = chunk.start;
    for (const bytes of chunk.lines) {
      const end = start + bytes.length;
      const key = lineKey(bytes);
      const lane = key === undefined ? undefined : work.laneOf(key.date);
      if (lane === undefined || lane.expired) {
        if (lane === undefined) counters.brokenLines++;
        else counters.expired++;
        settlement.skip(file, end);
      } else {
        take({ bytes, file, start, end, replayed: queue === undefined ? start < replayed : !confirming, confirming }, lane);
      }
      start = end;
    }
  }
}

function laneOfQueue(work: Context['work'], queue: string): Lane | undefined {
  const date = dateOfQueue(queue);
  if (date !== undefined) return work.isDaily ? work.laneOf(date) : undefined;
  return queue === queueOf(undefined) && !work.isDaily ? work.laneOf('') : undefined;
}
