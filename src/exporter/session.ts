import type { ElasticsearchConfig } from '../config/config.js';
import type { Layout } from '../domain/elastic-names.js';
import { ElasticUnreachable, type Elastic } from '../elastic/client.js';
import { estimateRecords, timeAt } from '../telemetry/backlog.js';
import { emptyCursor, readCursor, writeCursor, type Target } from '../telemetry/cursor.js';
import { DeadLetters } from '../telemetry/dead-letters.js';
import { RetryFiles } from '../telemetry/retry-files.js';
import { listSegments, segmentSize } from '../telemetry/segments.js';
import { Settlement } from '../telemetry/settlement.js';
import { Tail } from '../telemetry/tail.js';
import type { Batch } from './batch.js';
import { Concurrency } from './concurrency.js';
import { failed, log, type Context } from './context.js';
import { Delivery } from './delivery.js';
import { askGate } from './gate.js';
import { IndexGuard } from './index-guard.js';
import { Intake } from './intake.js';
import type { Lane } from './lane.js';
import { CONFIRM_QUEUE } from './outcome.js';
import type { Pause } from './pause.js';
import { Placement } from './placement.js';
import type { ExportCounters, ExporterInput, ExportState, ExportStatus, FromThread } from './protocol.js';
import type { Signal } from './signal.js';
import { TargetWatch } from './target-watch.js';
import { Work } from './work.js';

const MAX_CONCURRENCY = 4;
/** Confirm files are sealed this often, so that their rest begins. */
const SEAL_MS = 10_000;
const RESCAN_MS = 2_000;
/** So many records that are refused for good, and none that is written, are no fault of single records. */
const DEAD_IN_A_ROW = 3;
const MAX_DEAD_LETTER_BYTES = 256 * 1024 * 1024;

export interface SessionOptions {
  readonly input: ExporterInput;
  readonly elastic: Elastic;
  readonly config: ElasticsearchConfig;
  readonly target: Target;
  readonly layout: Layout;
  readonly pause: Pause;
  readonly counters: ExportCounters;
  readonly last: Context['last'];
  readonly report: (message: FromThread) => void;
  readonly writerIsGone: (writer: string) => boolean;
  /** Set by a stop: the monotonic time at which to give up. */
  readonly stopAt: () => number | undefined;
  readonly abort: AbortSignal;
  readonly signal: Signal;
}

/** The export to one target, from its cursor on, until it is stopped or the cluster turns out to be another one. */
export class Session {
  readonly #options: SessionOptions;
  readonly #context: Context;
  readonly #tail: Tail;
  readonly #intake: Intake;
  readonly #delivery: Delivery;
  readonly #guard: IndexGuard;
  readonly #watch: TargetWatch;
  readonly #base: { readonly tornTails: number; readonly vanished: number };
  #seen = -1;
  #scannedAt = -Infinity;
  #savedAt = -Infinity;
  #sealedAt = 0;
  #saved = '';

  private constructor(options: SessionOptions, parts: { context: Context; tail: Tail; intake: Intake }) {
    this.#options = options;
    this.#context = parts.context;
    this.#tail = parts.tail;
    this.#intake = parts.intake;
    this.#delivery = new Delivery(parts.context);
    this.#guard = new IndexGuard(parts.context, this.#delivery.outcome, () => { options.signal.raise(); });
    this.#watch = new TargetWatch(parts.context);
    this.#base = { tornTails: options.counters.tornTails, vanished: options.counters.vanishedSegments };
  }

  /** Takes up where the target's cursor stands; a target without one starts at the oldest record that the log has. */
  static async open(options: SessionOptions): Promise<Session> {
    const { input, target, layout, pause } = options;
    const { dir, timing } = input;
    const known = await readCursor(dir, target);
    const cursor = known ?? emptyCursor(target);
    const settlement = new Settlement();
    const retry = await RetryFiles.load({
      dir, cursor, settlement, rests: (queue) => (queue === CONFIRM_QUEUE ? timing.confirmMs : timing.againMs),
    });
    const deadLetters = await DeadLetters.load({ dir, maxBytes: Math.min(MAX_DEAD_LETTER_BYTES, Math.floor(input.maxTelemetryBytes / 10)) });
    const context: Context = {
      dir, elastic: options.elastic, config: options.config, target, layout, timing, pause, retry, deadLetters,
      cautions: input.cautions, counters: options.counters, last: options.last, report: options.report,
      work: new Work({ settlement, name: target.index, layout }),
      concurrency: new Concurrency(MAX_CONCURRENCY),
      placement: new Placement(options.elastic, layout, target.index),
      now: () => performance.now(), signal: options.abort, link: { connected: true },
    };
    const tail = new Tail({ dir, cursor, settlement, writerIsGone: options.writerIsGone });
    await tail.scan();
    const replayedUntil = known === undefined ? new Map<string, number>() : await sizes(dir, known.done);
    const intake = new Intake({ context, settlement, tail, maxTelemetryBytes: input.maxTelemetryBytes, replayedUntil });
    const session = new Session(options, { context, tail, intake });
    if (known === undefined) await session.#announce();
    await session.#save();
    return session;
  }

  /** Runs until it is stopped, or until the cluster (or its layout) is another than this session's. */
  async run(): Promise<'stopped' | 'other-target'> {
    try {
      for (;;) {
        const seen = this.#options.signal.count;
        if (this.#isOver()) return 'stopped';
        if (!this.#context.link.connected && !await this.#reconnect()) return 'other-target';
        await this.#read();
        await this.#dispatch();
        await this.#keepBooks();
        await this.#options.signal.wait(seen, this.#idleMs());
      }
    } finally {
      await this.#end();
    }
  }

  /** What the export does, for /ready and the metrics. */
  async status(): Promise<ExportStatus> {
    const { work, retry, counters, last, target, dir } = this.#context;
    const { bytes, first } = this.#tail.backlog();
    const oldestTime = first === undefined ? null : await timeAt(dir, first.segment, first.offset) ?? null;
    // Nothing is awaited from here on: state, held indices and counters are of one moment.
    counters.tornTails = this.#base.tornTails + this.#tail.tornTails;
    counters.vanishedSegments = this.#base.vanished + this.#tail.vanished;
    const { state, reason, fix } = this.#state();
    return {
      state, reason, fix, target,
      backlogBytes: bytes, retryBytes: retry.bytes,
      oldestTime,
      heldIndices: [...work.lanes()].flatMap(({ index, hold }) => (hold === undefined ? [] : [{ index, reason: hold.reason }])),
      lastError: last.error, lastErrorAt: last.errorAt, lastSuccessAt: last.successAt,
      counters: { ...counters },
    };
  }

  #state(): { state: ExportState; reason: string | null; fix: string | null } {
    const { pause, work } = this.#context;
    if (pause.cause !== undefined) return { state: pause.cause.kind, reason: pause.cause.reason, fix: pause.cause.fix };
    for (const { hold, index } of work.lanes()) {
      if (hold !== undefined) return { state: 'holding', reason: `the index ${index} takes no records: ${hold.reason}`, fix: hold.fix };
    }
    const { last } = this.#context;
    if (last.deadInARow >= DEAD_IN_A_ROW) {
      return {
        state: 'holding', reason: `Elasticsearch refuses every record for good (${String(last.deadInARow)} since one was last written): they are in dead-letters/`,
        fix: 'Fix the mapping of index and template (`gateway es verify` shows the difference), then run `gateway telemetry retry`.',
      };
    }
    const refused = work.ready.find(({ refusals }) => refusals > 0)?.lane ?? [...work.lanes()].find(({ refusing }) => refusing);
    if (refused !== undefined) return { state: 'backing-off', reason: `${refused.index} refuses records for now: ${last.error ?? ''}`, fix: null };
    const busy = this.#delivery.inFlight > 0 || !work.isEmpty();
    return { state: busy ? 'shipping' : 'idle', reason: null, fix: null };
  }

  #isOver(): boolean {
    const stopAt = this.#options.stopAt();
    if (stopAt === undefined) return false;
    const { link, now, work, pause } = this.#context;
    if (now() >= stopAt) return true;
    if (this.#delivery.inFlight > 0) return false;
    // What cannot go now stays in the log.
    if (!link.connected || pause.cause !== undefined) return true;
    // The last lines came with the stop, and have not been looked for yet.
    if (Atomics.load(this.#options.input.written, 0) !== this.#seen) return false;
    if (this.#tail.backlog().bytes === 0) return work.isEmpty();
    return work.ready.length > 0 && work.ready.every(({ lane, notBefore }) => lane.hold !== undefined || notBefore > now());
  }

  async #reconnect(): Promise<boolean> {
    const { pause, link, work, target, now, elastic, config } = this.#context;
    if (now() < pause.until) return true;
    const answer = await askGate(elastic, config);
    if (answer.kind === 'open') {
      if (answer.clusterUuid !== target.clusterUuid || answer.layout !== target.layout) return false;
      link.connected = true;
      this.#watch.reset();
      for (const lane of work.lanes()) lane.checked = false;
      if (work.isEmpty()) pause.clear();
      return true;
    }
    failed(this.#context, answer.reason);
    // It was not the size of a body that broke the connection.
    for (const batch of work.ready) batch.resets = 0;
    if (answer.kind === 'backing-off') pause.backOff(now(), answer.reason);
    else {
      const news = answer.kind === 'holding' ? pause.hold(now(), answer.reason, answer.fix) : pause.awaitTemplate(now(), answer.reason, answer.fix);
      if (news) log(this.#context, 'error', 'the export to Elasticsearch waits; records stay in the log', { reason: answer.reason, fix: answer.fix });
    }
    return true;
  }

  async #read(): Promise<void> {
    const { now, retry, timing } = this.#context;
    const written = Atomics.load(this.#options.input.written, 0);
    if (written !== this.#seen || now() - this.#scannedAt > RESCAN_MS) {
      await this.#tail.scan();
      this.#seen = written;
      this.#scannedAt = now();
    }
    if (now() - this.#sealedAt > SEAL_MS / 10) {
      await retry.sealOlderThan(Math.min(SEAL_MS, timing.confirmMs / 4));
      this.#sealedAt = now();
    }
    for (const lane of this.#context.work.lanes()) if (lane.expired && now() - lane.checkedAt > timing.lookMs) lane.renew();
    await this.#intake.fill();
  }

  async #dispatch(): Promise<void> {
    const { work, now, timing, pause, link, concurrency } = this.#context;
    const { outcome } = this.#delivery;
    work.flush(now(), this.#options.stopAt() === undefined ? timing.batchAgeMs : 0);
    for (const lane of work.lanes()) {
      if (lane.hold === undefined) continue;
      if (work.isDaily) {
        await outcome.spill(lane);
        if (lane.hold.probeAt <= now() && lane.inFlight === 0 && !lane.checking && link.connected && now() >= pause.until) await this.#probe(lane);
      }
    }
    // After a pause one request shows whether it is over.
    const limit = pause.cause === undefined ? concurrency.limit : 1;
    while (link.connected && now() >= pause.until && this.#delivery.inFlight + this.#guard.running < limit) {
      const careful = work.ready.find(({ maxLines, notBefore, lane }) => maxLines !== undefined && notBefore <= now() && lane.hold === undefined && !lane.checking);
      // It goes alone, so nothing may overtake it for ever.
      if (careful !== undefined && this.#delivery.inFlight > 0) return;
      const batch = work.take(now(), (each) => (careful === undefined || each === careful) && this.#mayGo(each));
      if (batch === undefined) return;
      if (!await this.#isSameTarget()) {
        work.requeue(batch);
        return;
      }
      if (now() - batch.lane.checkedAt > timing.lookMs) batch.lane.renew();
      if (batch.lane.checked) this.#launch(batch);
      else {
        work.requeue(batch);
        this.#guard.check(batch.lane);
      }
    }
  }

  /** Whether the gate's answer still holds; else the gate is asked again before anything is sent. */
  async #isSameTarget(): Promise<boolean> {
    const { link, pause, now, signal } = this.#context;
    try {
      if (await this.#watch.holds()) return true;
      link.connected = false;
    } catch (error) {
      if (!(error instanceof ElasticUnreachable)) throw error;
      link.connected = false;
      if (signal.aborted) return false;
      failed(this.#context, error.message);
      if (pause.backOff(now(), error.message)) log(this.#context, 'warn', 'Elasticsearch does not answer: the export waits, records stay in the log', { reason: error.message });
    }
    return false;
  }

  #mayGo({ lane, maxLines }: Batch): boolean {
    const { now } = this.#context;
    if (lane.checking) return false;
    if (maxLines !== undefined && this.#delivery.inFlight > 0) return false;
    if (lane.hold !== undefined) return !this.#context.work.isDaily && lane.hold.probeAt <= now() && lane.inFlight === 0;
    return !lane.refusing || lane.inFlight === 0;
  }

  #launch(batch: Batch): void {
    const { cautions } = this.#context;
    const first = batch.runs[0];
    const deadly = batch.maxLines === 1 && cautions.some(({ file, start, end, maxLines }) => maxLines === 0 && file === first?.span.file && first.start >= start && first.start < end);
    const done = deadly ? this.#delivery.outcome.setAside(batch) : this.#delivery.send(batch);
    void done.finally(() => { this.#options.signal.raise(); });
  }

  /** Asks a held index with a few of its lines whether it takes them again. */
  async #probe(lane: Lane): Promise<void> {
    const { retry } = this.#context;
    if (!lane.checked) {
      this.#guard.check(lane);
      return;
    }
    const batch = await this.#intake.probe(lane);
    if (batch !== undefined) this.#launch(batch);
    else {
      lane.open();
      await retry.wake(lane.queue);
    }
  }

  async #keepBooks(): Promise<void> {
    if (this.#context.now() - this.#savedAt < this.#context.timing.cursorMs) return;
    await this.#save();
  }

  async #save(): Promise<void> {
    const { dir, target, retry, now } = this.#context;
    this.#savedAt = now();
    try {
      const progress = this.#tail.progress();
      const cursor = { target, done: new Set(progress.done), open: progress.open, retry: await retry.progress() };
      const text = JSON.stringify([[...cursor.done], [...cursor.open], [...cursor.retry]]);
      if (text === this.#saved) return;
      await writeCursor(dir, cursor);
      this.#saved = text;
    } catch (error) {
      const reason = `the cursor could not be written: ${error instanceof Error ? error.message : String(error)}`;
      if (this.#context.last.error !== reason) log(this.#context, 'error', 'the exporter could not write its cursor: after a restart records are sent again, which changes nothing', { reason });
      failed(this.#context, reason);
    }
  }

  async #end(): Promise<void> {
    const { retry } = this.#context;
    // Requests that are cut off may have had their effect: their lines come again.
    while (this.#delivery.inFlight + this.#guard.running > 0 && !this.#options.abort.aborted) {
      await this.#options.signal.wait(this.#options.signal.count, 50);
    }
    await retry.close();
    await this.#save();
    await this.#tail.close();
  }

  #idleMs(): number {
    const { work, retry, pause, timing, now } = this.#context;
    const at = now();
    let next = at + timing.pollMs;
    if (!work.isEmpty()) next = Math.min(next, work.nextFlushAt(timing.batchAgeMs));
    if (pause.until > at) next = Math.min(Math.max(next, at + 1), pause.until);
    next = Math.min(next, Math.max(retry.nextReadyAt(), at + 10));
    return Math.max(1, next - at);
  }

  async #announce(): Promise<void> {
    const { target } = this.#context;
    const { bytes } = this.#tail.backlog();
    const records = await estimateRecords(this.#context.dir, bytes);
    log(this.#context, 'info', 'a new export target: it starts at the oldest record of the log', {
      cluster_uuid: target.clusterUuid, index: target.index, layout: target.layout, bytes, records_about: records,
    });
  }
}

async function sizes(dir: string, done: ReadonlySet<string>): Promise<Map<string, number>> {
  const result = new Map<string, number>();
  for (const segment of await listSegments(dir)) {
    if (!done.has(segment.name)) result.set(segment.name, await segmentSize(dir, segment) ?? 0);
  }
  return result;
}
