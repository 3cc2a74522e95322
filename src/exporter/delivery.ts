import { BulkBody, sendBulk } from '../elastic/bulk.js';
import { ElasticUnreachable } from '../elastic/client.js';
import type { WholeVerdict } from '../elastic/verdict.js';
import { LINE_OFFSETS } from '../telemetry/line-format.js';
import { derive, halves, type Batch } from './batch.js';
import { failed, log, type Context } from './context.js';
import { Outcome } from './outcome.js';
import type { Range } from './protocol.js';
import { free, SpareMemory } from './spare-memory.js';
import { FRAMING } from './work.js';

/** Connections that break in a row on one body, the cluster being well, mean that it is too large. */
const RESETS_BEFORE_SPLIT = 3;

/** Sends batches and does what their answers ask for. */
export class Delivery {
  readonly #context: Context;
  readonly #outcome: Outcome;
  /** Of bodies that were answered, for the next ones. */
  readonly #spare = new SpareMemory();
  #sent = 0;
  #inFlight = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#outcome = new Outcome(context);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Sends one batch; resolves when all of its lines are settled or queued again. Never rejects for what the cluster does. */
  async send(batch: Batch): Promise<void> {
    const { work, counters, report } = this.#context;
    const { lane } = batch;
    if (batch.resets >= RESETS_BEFORE_SPLIT && batch.lines > 1) {
      this.#split(batch, `the connection broke ${String(batch.resets)} times on the same ${String(batch.bytes)} bytes although the cluster is well`);
      return;
    }
    const number = ++this.#sent;
    this.#inFlight++;
    lane.inFlight++;
    report({ type: 'sending', batch: number, ranges: rangesOf(batch) });
    if (batch.refusals > 0 || batch.ambiguous) counters.retried += batch.lines;
    try {
      const verdict = await this.#request(batch);
      if (verdict !== undefined) await this.#act(batch, verdict);
    } catch (error) {
      // Our own fault: the lines stay, and the fault is said.
      failed(this.#context, error instanceof Error ? error.message : String(error));
      work.requeue(derive(batch, batch.runs, FRAMING, { ambiguous: true, notBefore: this.#context.now() + this.#context.timing.backoffCapMs }));
    } finally {
      this.#inFlight--;
      lane.inFlight--;
      report({ type: 'sent', batch: number });
    }
  }

  async #request(batch: Batch): Promise<WholeVerdict | undefined> {
    const { elastic, layout, counters, last, signal, now, timing } = this.#context;
    const started = now();
    counters.bulkRequests++;
    try {
      const kept = this.#spare.take();
      const body = new BulkBody(batch.runs, LINE_OFFSETS, layout === 'data-stream', kept);
      if (kept !== undefined && kept !== body.memory) free(kept);
      const verdict = await sendBulk(elastic, { index: batch.lane.index, body, documents: batch.lines, timeoutMs: timing.bulkTimeoutMs, signal, places: batch.lane.checksIds ? 'index-and-id' : 'index' });
      // Only an answer to every document shows that nobody reads the body any more.
      if (verdict.kind === 'items' && body.isWhole) this.#spare.give(body.memory);
      return verdict;
    } catch (error) {
      if (!(error instanceof ElasticUnreachable)) throw error;
      this.#unreachable(batch, error);
      return undefined;
    } finally {
      last.bulkMs.push(now() - started);
    }
  }

  #unreachable(batch: Batch, error: ElasticUnreachable): void {
    const { work, pause, link, counters, now } = this.#context;
    counters.bulkFailures++;
    link.connected = false;
    const broke = error.kind === 'connection' && error.mayHaveArrived;
    work.requeue(derive(batch, batch.runs, FRAMING, {
      ambiguous: batch.ambiguous || error.mayHaveArrived, resets: broke ? batch.resets + 1 : 0,
    }));
    if (error.kind === 'aborted') return;
    if (error.kind === 'timeout') this.#context.concurrency.overloaded();
    failed(this.#context, error.message);
    if (pause.backOff(now(), error.message)) log(this.#context, 'warn', 'Elasticsearch does not answer: the export waits, records stay in the log', { reason: error.message });
  }

  async #act(batch: Batch, verdict: WholeVerdict): Promise<void> {
    const { work, pause, link, counters, concurrency, now } = this.#context;
    if (verdict.kind === 'items') {
      await this.#outcome.settle(batch, verdict.items);
      return;
    }
    counters.bulkFailures++;
    failed(this.#context, verdict.reason);
    switch (verdict.kind) {
      case 'split':
        if (batch.lines > 1) this.#split(batch, verdict.reason);
        else await this.#outcome.refuse(batch, batch.runs, verdict.reason, false);
        return;
      case 'hold':
        link.connected = false;
        work.requeue(derive(batch, batch.runs, FRAMING, { resets: 0 }));
        if (pause.hold(now(), verdict.reason, verdict.fix)) log(this.#context, 'error', 'Elasticsearch refuses the export; records stay in the log, and it is tried again every minute', { reason: verdict.reason, fix: verdict.fix });
        return;
      case 'retry':
        if (verdict.overloaded) concurrency.overloaded();
        else link.connected = false;
        work.requeue(derive(batch, batch.runs, FRAMING, { ambiguous: batch.ambiguous || verdict.ambiguous, resets: 0 }));
        if (pause.backOff(now(), verdict.reason, verdict.retryAfterMs)) log(this.#context, 'warn', 'Elasticsearch could not take records: the export waits, records stay in the log', { reason: verdict.reason });
    }
  }

  #split(batch: Batch, reason: string): void {
    const { work, counters } = this.#context;
    counters.splits++;
    work.learnLimit(batch.bytes);
    log(this.#context, 'warn', 'a bulk request was too large for Elasticsearch: smaller ones from now on', { bytes: batch.bytes, limit: work.maxBatchBytes, reason });
    work.requeue(...halves(batch, FRAMING));
  }
}

function rangesOf(batch: Batch): Range[] {
  const ranges: { file: string; start: number; end: number; lines: number }[] = [];
  for (const { span: { file }, start, bytes, ends: { length: lines } } of batch.runs) {
    const end = start + bytes.length;
    const range = ranges.find((each) => each.file === file);
    if (range === undefined) ranges.push({ file, start, end, lines });
    else {
      range.start = Math.min(range.start, start);
      range.end = Math.max(range.end, end);
      range.lines += lines;
    }
  }
  return ranges;
}
