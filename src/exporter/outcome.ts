import { isAmbiguousItem, isOverloadedItem, judgeItem, type ItemAnswer } from '../elastic/verdict.js';
import { LINE_OFFSETS } from '../telemetry/line-format.js';
import type { DeadLetter } from '../telemetry/dead-letters.js';
import { fullJitter } from './backoff.js';
import { countLines, derive, oneByOne, newBatch, partOf, type Batch, type Run } from './batch.js';
import { failed, log, type Context } from './context.js';
import type { Lane } from './lane.js';
import { pipelineFix } from './placement.js';
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
    const { work, counters, pause, last, concurrency, placement } = this.#context;
    const { lane } = batch;
    await placement.learn(lane.index, items);
    const diverted: Run[] = [];
    const unproven: Run[] = [];
    let diversion = '';
    let written = 0;
    let repeated = false;
    const confirm: Run[] = [];
    const refused: Run[] = [];
    const faults: Run[] = [];
    const dead: DeadLetter[] = [];
    const deadRuns: Run[] = [];
    let ambiguous = false;
    let overloaded = false;
    let fault = '';
    let refusal = '';
    for (const [run, item] of byAnswer(batch.runs, items)) {
      const lines = run.ends.length;
      const astray = placement.fault(lane.index, item, lineId(run));
      if (astray !== undefined) {
        diverted.push(run);
        diversion = astray;
        continue;
      }
      switch (judgeItem(item)) {
        case 'done':
          if (run.confirming) counters.recovered += lines;
          counters.exported += lines;
          written += lines;
          work.settle(run);
          break;
        case 'exists':
          written += lines;
          repeated = true;
          if (batch.ambiguous || run.replayed) confirm.push(run);
          // Another record may have that id, where a pipeline changes ids: the server is asked for it.
          else if (item.index !== undefined && item.id === undefined) unproven.push(run);
          else {
            counters.existing += lines;
            work.settle(run);
          }
          break;
        case 'dead-letter':
          dead.push(...lettersOf(run, lane, item));
          deadRuns.push(run);
          break;
        case 'hold-index':
          faults.push(run);
          fault = describe(item);
          break;
        case 'retry':
          refused.push(run);
          refusal = describe(item);
          ambiguous ||= isAmbiguousItem(item);
          overloaded ||= isOverloadedItem(item);
      }
    }
    const through = batch.lines - countLines(refused) - countLines(faults) - countLines(diverted) - countLines(unproven);
    // Repetitions are asked for at once, else each of them would go twice.
    lane.checksIds = unproven.length > 0 || (lane.checksIds && (repeated || through < batch.lines));
    if (written > 0) {
      last.successAt = Date.now();
      last.deadInARow = 0;
    } else last.deadInARow += dead.length;
    if (through > 0) {
      if (pause.clear()) log(this.#context, 'info', 'the export goes on');
      if (lane.hold !== undefined || lane.refusing) await this.#reopen(lane);
    }
    if (overloaded) concurrency.overloaded();
    else if (through > 0) concurrency.succeeded();
    if (dead.length > 0) await this.#bury(batch, deadRuns, dead);
    if (unproven.length > 0) work.requeue(derive(batch, unproven, FRAMING));
    if (diverted.length > 0) await this.#divert(batch, diverted, diversion, through === 0);
    if (confirm.length > 0) await this.#keep(batch, CONFIRM_QUEUE, confirm);
    if (faults.length > 0) {
      failed(this.#context, fault);
      // The fault may be that NAME has become something else, as a migration makes it.
      if (!work.isDaily) this.#context.link.connected = false;
      await this.hold(lane, fault, `Fix the index ${lane.index}; it is tried again every minute.`, this.#context.timing.probeMs, derive(batch, faults, FRAMING));
    }
    if (refused.length > 0) await this.refuse({ ...batch, ambiguous: batch.ambiguous || ambiguous }, refused, refusal, through === 0 && faults.length + diverted.length + unproven.length === 0);
  }

  /** Lines were refused for now; `all` where not one of their batch got through, which is the index's fault and not theirs. */
  async refuse(batch: Batch, runs: readonly Run[], reason: string, all: boolean): Promise<void> {
    const { work, now, timing } = this.#context;
    const { lane } = batch;
    failed(this.#context, reason);
    const refusals = batch.refusals + 1;
    lane.refusing ||= all;
    if (refusals < MAX_REFUSALS && !batch.probe) {
      const wait = fullJitter(refusals + 1, timing.backoffBaseMs, timing.backoffCapMs);
      work.requeue(derive(batch, runs, FRAMING, { refusals, resets: 0, notBefore: now() + wait }));
      return;
    }
    if (!all) {
      await this.#keep(batch, lane.queue, runs);
      return;
    }
    const wait = Math.min(timing.probeMs, timing.backoffBaseMs * 2 ** Math.min(lane.holds + MAX_REFUSALS, 20));
    await this.hold(lane, reason, `See what the cluster says of ${lane.index}: \`gateway es verify\`.`, wait, derive(batch, runs, FRAMING, { refusals: 0 }));
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
    const runs = work.withdraw(lane);
    if (runs.length > 0) await this.#keep(newBatch(lane, now()), lane.queue, runs);
  }

  /** A pipeline changes what is written: of all records, which is a fault of the index; or of some, which can never be written as they are. */
  async #divert(batch: Batch, runs: readonly Run[], reason: string, all: boolean): Promise<void> {
    const { lane } = batch;
    failed(this.#context, reason);
    // In the layout single, NAME may have become an alias.
    if (!this.#context.work.isDaily) this.#context.link.connected = false;
    if (!all) {
      await this.#bury(batch, runs, runs.flatMap((run) => lettersOf(run, lane, { type: 'ingest_pipeline', reason })));
      return;
    }
    lane.isDiverted = true;
    await this.hold(lane, reason, pipelineFix(lane.index), this.#context.timing.probeMs, derive(batch, runs, FRAMING));
  }

  /** Sets a line aside that ends the thread whenever it is sent. */
  async setAside(batch: Batch): Promise<void> {
    const died = { type: 'exporter_died', reason: 'the exporter ended twice while it sent this record alone' };
    await this.#bury(batch, batch.runs, batch.runs.flatMap((run) => lettersOf(run, batch.lane, died)));
  }

  async #reopen(lane: Lane): Promise<void> {
    if (lane.hold !== undefined) log(this.#context, 'info', `the index ${lane.index} takes records again`);
    lane.open();
    await this.#context.retry.wake(lane.queue);
  }

  async #bury(batch: Batch, runs: readonly Run[], letters: readonly DeadLetter[]): Promise<void> {
    const { work, deadLetters, counters } = this.#context;
    try {
      const before = deadLetters.beyondLimit;
      const written = await deadLetters.add(letters);
      counters.deadLetters += written;
      counters.deadLettersDropped += deadLetters.beyondLimit - before;
      for (const run of runs) work.settle(run);
      const first = letters[0];
      if (written > 0 && first !== undefined) {
        log(this.#context, 'error', 'Elasticsearch refused records for good: they are in dead-letters/', { records: written, index: first.index, error_type: first.type, reason: first.reason });
      }
    } catch (error) {
      this.#stay(batch, runs, error);
    }
  }

  async #keep(batch: Batch, queue: string, runs: readonly Run[]): Promise<void> {
    const { work, retry } = this.#context;
    try {
      await retry.append(queue, runs.map(({ bytes }) => bytes));
      for (const run of runs) work.settle(run);
    } catch (error) {
      this.#stay(batch, runs, error);
    }
  }

  /** The disk here does not take them either: they stay in memory, and the log keeps them. */
  #stay(batch: Batch, runs: readonly Run[], error: unknown): void {
    const { work, now, timing } = this.#context;
    const reason = `files under TELEMETRY_DIR could not be written: ${error instanceof Error ? error.message : String(error)}`;
    failed(this.#context, reason);
    log(this.#context, 'error', 'the exporter could not set records aside; they stay in the log', { reason });
    work.requeue(derive(batch, runs, FRAMING, { ambiguous: true, notBefore: now() + timing.backoffCapMs }));
  }
}

/** Lines with what was answered to them: neighbours with one and the same answer together. */
function* byAnswer(runs: readonly Run[], items: readonly ItemAnswer[]): Generator<[Run, ItemAnswer]> {
  let first = 0;
  for (const run of runs) {
    const count = run.ends.length;
    for (let from = 0; from < count;) {
      const item = items[first + from] as ItemAnswer;
      let to = from + 1;
      while (to < count && items[first + to] === item) to++;
      yield [partOf(run, from, to), item];
      from = to;
    }
    first += count;
  }
}

/** The id of a run's first line. */
function lineId({ bytes }: Run): string {
  return bytes.toString('latin1', LINE_OFFSETS.idStart, LINE_OFFSETS.idEnd);
}

function lettersOf(run: Run, lane: Lane, { type, reason }: Pick<ItemAnswer, 'type' | 'reason'>): DeadLetter[] {
  return oneByOne(run).map(({ bytes }) => ({ line: bytes, index: lane.index, type, reason }));
}

function describe({ status, type, reason }: ItemAnswer): string {
  return `${String(status)}${type === '' ? '' : ` ${type}`}${reason === '' ? '' : `: ${reason}`}`.slice(0, 500);
}
