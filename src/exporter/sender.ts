import type { ElasticsearchConfig } from '../config/config.js';
import { indexFor, type Layout } from '../domain/elastic-names.js';
import { EXIT, Failure } from '../domain/failure.js';
import { BulkBody, sendBulk } from '../elastic/bulk.js';
import { ElasticUnreachable, type Elastic } from '../elastic/client.js';
import { judgeItem, type ItemAnswer, type WholeVerdict } from '../elastic/verdict.js';
import { LINE_OFFSETS } from '../telemetry/line-format.js';
import { fullJitter } from './backoff.js';
import { askGate, askIndex } from './gate.js';
import { Placement, pipelineFix } from './placement.js';

/** A record to be sent by a command. */
export interface Outgoing {
  readonly id: string;
  readonly date: string;
  /** Newline included. */
  readonly bytes: Buffer;
  /** The exporter has sent it before. */
  readonly wasSent?: boolean;
}

/** A day that takes no records. */
export interface HeldIndex {
  readonly index: string;
  readonly records: number;
  readonly reason: string;
  readonly fix: string;
}

export interface SenderCounts {
  /** Written now. */
  created: number;
  /** In Elasticsearch already. */
  existing: number;
  /** Refused for good. */
  refused: number;
  /** Of indices that the lifecycle has deleted. */
  expired: number;
}

export interface SenderOptions {
  readonly elastic: Elastic;
  readonly config: ElasticsearchConfig;
  readonly includeExpired: boolean;
  readonly onDelivered?: (id: string) => void;
  readonly onRefused?: (id: string, item: ItemAnswer) => void;
  readonly sleep?: (ms: number) => Promise<void>;
}

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_ATTEMPTS = 10;
const GATE_ATTEMPTS = 3;

/**
 * Sends records for a command, under the exporter's own rules for answers; unlike the exporter it
 * does not wait for ever: what only an operator can fix, and what lasts, is a Failure. Sending the
 * same records again changes nothing.
 */
export class Sender {
  readonly counts: SenderCounts = { created: 0, existing: 0, refused: 0, expired: 0 };
  readonly #options: SenderOptions;
  readonly #target: { readonly clusterUuid: string; readonly layout: Layout };
  readonly #pending = new Map<string, Outgoing[]>();
  readonly #bytes = new Map<string, number>();
  readonly #checked = new Map<string, 'open' | 'deleted' | 'expired'>();
  readonly #held = new Map<string, HeldIndex>();
  readonly #placement: Placement;
  #maxBytes = MAX_BATCH_BYTES;

  private constructor(options: SenderOptions, target: { readonly clusterUuid: string; readonly layout: Layout }) {
    this.#options = options;
    this.#target = target;
    this.#placement = new Placement(options.elastic, target.layout, options.config.index);
  }

  get #layout(): Layout {
    return this.#target.layout;
  }

  /** @throws Failure where the cluster may not be written to */
  static async open(options: SenderOptions): Promise<Sender & { readonly clusterUuid: string; readonly layout: Layout }> {
    let answer = await askGate(options.elastic, options.config);
    const sleep = options.sleep ?? sleepFor;
    // One broken connection is no reason to give up.
    for (let attempt = 1; answer.kind === 'backing-off' && attempt < GATE_ATTEMPTS; attempt++) {
      await sleep(fullJitter(attempt, 500, 2_000));
      answer = await askGate(options.elastic, options.config);
    }
    if (answer.kind !== 'open') throw failure(answer.reason, answer.kind === 'backing-off' ? 'See that the cluster is up and ELASTICSEARCH_URL names it: `gateway es verify` tells what is wrong.' : answer.fix);
    return Object.assign(new Sender(options, answer), { clusterUuid: answer.clusterUuid, layout: answer.layout });
  }

  /** Takes a record; sends when a body is full. @throws Failure */
  async add(record: Outgoing): Promise<void> {
    const index = indexFor(this.#options.config.index, this.#layout, record.date);
    const list = this.#pending.get(index) ?? [];
    if (list.length === 0) this.#pending.set(index, list);
    list.push(record);
    const bytes = (this.#bytes.get(index) ?? 0) + record.bytes.length;
    this.#bytes.set(index, bytes);
    if (bytes >= this.#maxBytes) await this.#send(index);
  }

  /** Sends what is left. @throws Failure */
  async end(): Promise<void> {
    for (const index of [...this.#pending.keys()]) await this.#send(index);
  }

  async #send(index: string): Promise<void> {
    const records = this.#pending.get(index) ?? [];
    this.#pending.delete(index);
    this.#bytes.delete(index);
    const [first] = records;
    if (first === undefined) return;
    if (this.#held.has(index)) {
      this.#hold(index, records.length);
      return;
    }
    const verdict = await this.#check(index, first.date);
    if (verdict === 'held') {
      this.#hold(index, records.length);
      return;
    }
    // What was sent before and is not there has gone with its index; what was not is as young as the policy keeps records.
    const left = verdict === 'open' ? records : verdict === 'expired' ? [] : records.filter(({ wasSent }) => wasSent !== true);
    this.counts.expired += records.length - left.length;
    if (left.length > 0) await this.#deliver(index, left, 0);
  }

  /** Days that took no records; others were sent. */
  get held(): readonly HeldIndex[] {
    return [...this.#held.values()];
  }

  /** In the daily layout one day goes without the others; elsewhere nothing can go. */
  #hold(index: string, records: number, why?: { readonly reason: string; readonly fix: string }): void {
    const known = this.#held.get(index);
    if (this.#layout !== 'daily' && why !== undefined) throw failure(why.reason, why.fix);
    this.#held.set(index, { index, records: (known?.records ?? 0) + records, reason: known?.reason ?? why?.reason ?? '', fix: known?.fix ?? why?.fix ?? '' });
  }

  async #check(index: string, date: string): Promise<'open' | 'deleted' | 'expired' | 'held'> {
    const known = this.#checked.get(index);
    if (known !== undefined) return known;
    const { elastic, config, includeExpired } = this.#options;
    const answer = await this.#patiently(() => askIndex(elastic, config, this.#target, this.#layout === 'daily' ? date : undefined, index));
    if (answer.kind === 'problem') {
      this.#hold(index, 0, answer);
      return 'held';
    }
    if (answer.kind === 'other-target') throw failure('the cluster or its layout has changed in the meantime', 'Run this again: what was sent is not sent twice.');
    const verdict = includeExpired ? 'open' : answer.kind === 'expired' ? 'expired' : answer.deleted ? 'deleted' : 'open';
    this.#checked.set(index, verdict);
    return verdict;
  }

  async #deliver(index: string, records: readonly Outgoing[], attempts: number): Promise<void> {
    const { elastic } = this.#options;
    const verdict = await this.#patiently(async () => {
      const body = new BulkBody(records.map(({ bytes }) => ({ bytes, ends: [bytes.length] })), LINE_OFFSETS, this.#layout === 'data-stream');
      return sendBulk(elastic, { index, body, documents: records.length, places: 'index-and-id' });
    });
    switch (verdict.kind) {
      case 'items':
        await this.#settle(index, records, verdict.items, attempts);
        return;
      case 'hold':
        throw failure(verdict.reason, verdict.fix);
      case 'split':
        if (records.length === 1) throw failure(verdict.reason, 'Raise http.max_content_length, or the limit of the proxy in between.');
        this.#maxBytes = Math.max(64 * 1024, Math.floor(this.#maxBytes / 2));
        await this.#deliver(index, records.slice(0, Math.ceil(records.length / 2)), 0);
        await this.#deliver(index, records.slice(Math.ceil(records.length / 2)), 0);
        return;
      case 'retry':
        await this.#wait(attempts + 1, verdict);
        await this.#deliver(index, records, attempts + 1);
    }
  }

  async #settle(index: string, records: readonly Outgoing[], items: readonly ItemAnswer[], attempts: number): Promise<void> {
    const again: Outgoing[] = [];
    let refusal: ItemAnswer | undefined;
    let held = 0;
    await this.#patiently(() => this.#placement.learn(index, items));
    for (const [i, record] of records.entries()) {
      const item = items[i] as ItemAnswer;
      const astray = this.#placement.fault(index, item, record.id);
      if (astray !== undefined) {
        held++;
        this.#hold(index, 1, { reason: astray, fix: pipelineFix(index) });
        continue;
      }
      switch (judgeItem(item)) {
        case 'done':
        case 'exists':
          if (item.status === 201) this.counts.created++;
          else this.counts.existing++;
          this.#options.onDelivered?.(record.id);
          break;
        case 'dead-letter':
          this.counts.refused++;
          this.#options.onRefused?.(record.id, item);
          break;
        case 'hold-index':
          held++;
          this.#hold(index, 1, { reason: `the index ${index} takes no records: ${describe(item)}`, fix: `Fix the index ${index} and run this again: what was sent is not sent twice.` });
          break;
        case 'retry':
          again.push(record);
          refusal = item;
      }
    }
    if (refusal === undefined || held > 0) {
      if (held > 0 && again.length > 0) this.#hold(index, again.length);
      return;
    }
    await this.#wait(attempts + 1, { reason: describe(refusal) });
    await this.#deliver(index, again, attempts + 1);
  }

  async #wait(attempt: number, { reason, retryAfterMs }: Partial<Extract<WholeVerdict, { kind: 'retry' }>>): Promise<void> {
    if (attempt >= MAX_ATTEMPTS) throw failure(`Elasticsearch did not take records in ${String(MAX_ATTEMPTS)} attempts: ${reason ?? ''}`, 'Wait until the cluster has recovered, and run this again: what was sent is not sent twice.');
    const sleep = this.#options.sleep ?? sleepFor;
    await sleep(Math.max(retryAfterMs ?? 0, fullJitter(attempt, 500, 30_000)));
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ElasticUnreachable)) throw error;
        await this.#wait(attempt, { reason: error.message });
      }
    }
  }
}

function sleepFor(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

function failure(message: string, fix: string): Failure {
  return new Failure({ code: 'export_failed', message, fix, exitCode: EXIT.failed });
}

function describe({ status, type, reason }: ItemAnswer): string {
  return `${String(status)} ${type}: ${reason}`;
}
