import { isAmbiguousItem, isOverloadedItem, judgeItem, type ItemAnswer } from '../elastic/verdict.js';
import type { DeadLetter } from '../telemetry/dead-letters.js';
import { fullJitter } from './backoff.js';
import { derive, type Batch, type Line } from './batch.js';
import { failed, log, type Context } from './context.js';
import type { Lane } from './lane.js';
import { FRAMING } from './work.js';

/** What is refused this often goes to the retry files. */
const MAX_REFUSALS = 5;
export const CONFIRM_QUEUE = 'confirm';

/** Settles lines by what the cluster said of each: none leaves memory before it is written, there or on disk here. */
export class Outcome {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async settle(batch: Batch, items: readonly ItemAnswer[]): Promise<void> {
    const { work, counters, pause, last, concurrency } = this.#context;
    const { lane } = batch;
    const confirm: Line[] = [];
    const refused: Line[] = [];
    const faults: Line[] = [];
    const dead: DeadLetter[] = [];
    const deadLines: Line[] = [];
    let ambiguous = false;
    let overloaded = false;
    let fault = '';
    let refusal = '';
    for (const [i, line] of batch.lines.entries()) {
      const item = items[i] as ItemAnswer;
      switch (judgeItem(item)) {
        case 'done':
          if (line.confirming) counters.recovered++;
          counters.exported++;
          work.settle(line);
          break;
        case 'exists':
          if (batch.ambiguous || line.replayed) confirm.push(line);
          else {
            counters.existing++;
            work.settle(line);
          }
          break;
        case 'dead-letter':
          dead.push({ line: line.bytes, index: lane.index, type: item.type, reason: item.reason });
          deadLines.push(line);
          break;
        case 'hold-index':
          faults.push(line);
          fault = describe(item);
          break;
        case 'retry':
          refused.push(line);
          refusal = describe(item);
          ambiguous ||= isAmbiguousItem(item);
          overloaded ||= isOverloadedItem(item);
      }
    }
    const through = batch.lines.length - refused.length - faults.length;
    if (through > 0) {
      last.successAt = Date.now();
      if (pause.clear()) log(this.#context, 'info', 'the export goes on');
      if (lane.hold !== undefined || lane.refusing) await this.#reopen(lane);
    }
    if (overloaded) concurrency.overloaded();
    else if (through > 0) concurrency.succeeded();
    if (dead.length > 0) await this.#bury(batch, deadLines, dead);
    if (confirm.length > 0) await this.#keep(batch, CONFIRM_QUEUE, confirm);
    if (faults.length > 0) {
      failed(this.#context, fault);
      await this.hold(lane, fault, `Mend the index ${lane.index}; it is tried again every minute.`, this.#context.timing.probeMs, derive(batch, faults, FRAMING));
    }
    if (refused.length > 0) await this.refuse({ ...batch, ambiguous: batch.ambiguous || ambiguous }, refused, refusal, through === 0 && faults.length === 0);
  }

  /** Lines were refused for now; `all` where not one of their batch got through, which is the index's fault and not theirs. */
  async refuse(batch: Batch, lines: readonly Line[], reason: string, all: boolean): Promise<void> {
    const { work, now, timing } = this.#context;
    const { lane } = batch;
    failed(this.#context, reason);
    const refusals = batch.refusals + 1;
    lane.refusing ||= all;
    if (refusals < MAX_REFUSALS && !batch.probe) {
      const wait = fullJitter(refusals + 1, timing.backoffBaseMs, timing.backoffCapMs);
      work.requeue(derive(batch, lines, FRAMING, { refusals, resets: 0, notBefore: now() + wait }));
      return;
    }
    if (!all) {
      await this.#keep(batch, lane.queue, lines);
      return;
    }
    const wait = Math.min(timing.probeMs, timing.backoffBaseMs * 2 ** Math.min(lane.holds + MAX_REFUSALS, 20));
    await this.hold(lane, reason, `See what the cluster says of ${lane.index}: \`gateway es verify\`.`, wait, derive(batch, lines, FRAMING, { refusals: 0 }));
  }

  /** An index takes nothing for now: its lines make room for those of others, where there are others. */
  async hold(lane: Lane, reason: string, fix: string, waitMs: number, batch?: Batch): Promise<void> {
    const { work, now } = this.#context;
    if (lane.hold === undefined) log(this.#context, 'error', `the index ${lane.index} takes no records: they wait, others go on`, { reason, fix });
    lane.holdUntil(now() + waitMs, reason, fix);
    if (batch !== undefined) work.requeue(batch);
    if (work.isDaily) await this.spill(lane);
  }

  /** Moves what waits in memory for a held index to its retry files. */
  async spill(lane: Lane): Promise<void> {
    const { work, now } = this.#context;
    const lines = work.withdraw(lane);
    if (lines.length === 0) return;
    await this.#keep({ lane, lines, bytes: 0, refusals: 0, resets: 0, ambiguous: true, notBefore: 0, bornAt: now(), probe: false, maxLines: undefined }, lane.queue, lines);
  }

  /** Sets a line aside that ends the thread whenever it is sent. */
  async setAside(batch: Batch): Promise<void> {
    await this.#bury(batch, batch.lines, batch.lines.map(({ bytes }) => ({
      line: bytes, index: batch.lane.index, type: 'exporter_died', reason: 'the exporter ended twice while it sent this record alone',
    })));
  }

  async #reopen(lane: Lane): Promise<void> {
    if (lane.hold !== undefined) log(this.#context, 'info', `the index ${lane.index} takes records again`);
    lane.open();
    await this.#context.retry.wake(lane.queue);
  }

  async #bury(batch: Batch, lines: readonly Line[], letters: readonly DeadLetter[]): Promise<void> {
    const { work, deadLetters, counters } = this.#context;
    try {
      const before = deadLetters.beyondLimit;
      const written = await deadLetters.add(letters);
      counters.deadLetters += written;
      counters.deadLettersDropped += deadLetters.beyondLimit - before;
      for (const line of lines) work.settle(line);
      const first = letters[0];
      if (written > 0 && first !== undefined) {
        log(this.#context, 'error', 'Elasticsearch refused records for good: they are in dead-letters/', { records: written, index: first.index, error_type: first.type, reason: first.reason });
      }
    } catch (error) {
      this.#stay(batch, lines, error);
    }
  }

  async #keep(batch: Batch, queue: string, lines: readonly Line[]): Promise<void> {
    const { work, retry } = this.#context;
    try {
      await retry.append(queue, lines.map(({ bytes }) => bytes));
      for (const line of lines) work.settle(line);
    } catch (error) {
      this.#stay(batch, lines, error);
    }
  }

  /** The disk here does not take them either: they stay in memory, and the log keeps them. */
  #stay(batch: Batch, lines: readonly Line[], error: unknown): void {
    const { work, now, timing } = this.#context;
    const reason = `files under TELEMETRY_DIR could not be written: ${error instanceof Error ? error.message : String(error)}`;
    failed(this.#context, reason);
    log(this.#context, 'error', 'the exporter could not set records aside; they stay in the log', { reason });
    work.requeue(derive(batch, lines, FRAMING, { ambiguous: true, notBefore: now() + timing.backoffCapMs }));
  }
}

function describe({ status, type, reason }: ItemAnswer): string {
  return `${String(status)}${type === '' ? '' : ` ${type}`}${reason === '' ? '' : `: ${reason}`}`.slice(0, 500);
}
