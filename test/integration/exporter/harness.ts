import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import type { Exchange } from '../../../src/domain/exchange.js';
import { newRequestId } from '../../../src/domain/request-id.js';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import type { ExportStatus } from '../../../src/exporter/protocol.js';
import { TIMING, type Timing } from '../../../src/exporter/timing.js';
import { Supervisor } from '../../../src/exporter/supervisor.js';
import { readUnsettled } from '../../../src/telemetry/backlog.js';
import { openLog, type TelemetryLog } from '../../../src/telemetry/log.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { configOf, freshName } from '../elastic/cluster.js';

/** Everything quicker, so that a test sees a hold end. */
export const QUICK: Timing = {
  ...TIMING, batchAgeMs: 50, pollMs: 20, probeMs: 400, watchMs: 0, confirmMs: 500, againMs: 200, backoffBaseMs: 50, backoffCapMs: 400, cursorMs: 50, statusMs: 25,
};

/** An exchange with what a record must have; anything else as given. */
export function exchangeOf(changes: Partial<Exchange> = {}): Exchange {
  const receivedAt = changes.receivedAt ?? Date.now();
  return {
    requestId: newRequestId(receivedAt), receivedAt, provider: 'openai', model: 'gpt-4o-mini', path: '/v1/chat/completions', method: 'POST',
    stream: false, statusCode: 200, providerStatusCode: 200, totalMs: 12, providerMs: 10, overheadUs: 900, requestSize: 100, responseSize: 200,
    endReason: 'complete', attempts: 1, errorCount: 0, providerErrorCount: 0,
    ...changes,
  };
}

export interface Started {
  readonly supervisor: Supervisor;
  readonly logs: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[];
  readonly states: string[];
  status(): ExportStatus | undefined;
}

/** A log of our own, an exporter on it, and the cluster asked directly. */
export class ExportHarness {
  readonly dir: string;
  readonly elasticsearch: ElasticsearchConfig;
  readonly admin: Elastic;
  readonly written: string[] = [];
  #log: TelemetryLog | undefined;
  #running: Started | undefined;

  private constructor(dir: string, elasticsearch: ElasticsearchConfig, admin: Elastic) {
    this.dir = dir;
    this.elasticsearch = elasticsearch;
    this.admin = admin;
  }

  /** `admin` asks past whatever faults lie between the exporter and the cluster. */
  static async make(overrides: Partial<ElasticsearchConfig> = {}, adminOverrides: Partial<ElasticsearchConfig> = {}): Promise<ExportHarness> {
    const dir = await mkdtemp(join(tmpdir(), 'gateway-export-'));
    const elasticsearch = configOf({ index: freshName('gwx'), ...overrides });
    return new ExportHarness(dir, elasticsearch, createElastic(configOf(adminOverrides)));
  }

  get index(): string {
    return this.elasticsearch.index;
  }

  async log(): Promise<TelemetryLog> {
    return this.#log ??= await openLog({ dir: this.dir, fsync: 'never' });
  }

  /** Appends records and remembers their ids. */
  async write(count: number, changes: Partial<Exchange> | ((i: number) => Partial<Exchange>) = {}): Promise<string[]> {
    const log = await this.log();
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      const exchange = exchangeOf(typeof changes === 'function' ? changes(i) : changes);
      void log.append(recordLine(exchange, { instance: 'test', version: '0.0.0' }));
      ids.push(exchange.requestId);
    }
    this.written.push(...ids);
    this.#running?.supervisor.notify();
    return ids;
  }

  /** Ends the segment that is written to, as a restart would. */
  async rotate(): Promise<void> {
    await this.#log?.close();
    this.#log = undefined;
  }

  async start(options: { timing?: Partial<Timing>; config?: Partial<ElasticsearchConfig>; maxTelemetryBytes?: number; execArgv?: readonly string[] } = {}): Promise<Started> {
    const log = await this.log();
    let status: ExportStatus | undefined;
    const logs: Started['logs'] = [];
    const states: string[] = [];
    const supervisor = new Supervisor({
      input: {
        dir: this.dir, maxTelemetryBytes: options.maxTelemetryBytes ?? 10 * 2 ** 30,
        elasticsearch: { ...this.elasticsearch, ...options.config }, timing: { ...QUICK, ...options.timing },
      },
      writers: new Map([[process.pid, log.writer]]),
      restartCapMs: 200,
      ...(options.execArgv !== undefined && { execArgv: options.execArgv }),
      onStatus: (heard) => {
        status = heard;
        if (states.at(-1) !== heard.state) states.push(heard.state);
      },
      onLog: (level, fields, message) => { logs.push({ level, fields, message }); },
    });
    return this.#running = { supervisor, logs, states, status: () => status };
  }

  async stop(deadlineMs = 5_000): Promise<void> {
    await this.#running?.supervisor.stop(deadlineMs);
    this.#running = undefined;
  }

  /** Waits until the exporter says so; the test's own time-out ends it. */
  async until(what: string, holds: (status: ExportStatus) => boolean): Promise<ExportStatus> {
    for (;;) {
      const status = this.#running?.status();
      if (status !== undefined && holds(status)) return status;
      await sleep(20);
      if (this.#running === undefined) throw new Error(`not running: ${what}`);
    }
  }

  /** Waits until nothing is left to send, confirmations included. */
  async drained(): Promise<ExportStatus> {
    for (;;) {
      // The files first: a report may be older than the last write.
      const { behindBytes, retryBytes } = await readUnsettled(this.dir, { clusterUuid: undefined, index: this.index, layout: undefined });
      if (behindBytes === 0 && retryBytes === 0) break;
      await sleep(20);
      if (this.#running === undefined) throw new Error('not running');
    }
    return this.until('drained', (status) => status.backlogBytes === 0 && status.retryBytes === 0 && status.state === 'idle');
  }

  /** Ids of the documents in all indices of this test, sorted; each as often as it is there. */
  async ids(): Promise<string[]> {
    const target = encodeURIComponent(`${this.index}*`);
    await this.admin.request({ method: 'POST', path: `/${target}/_refresh`, query: { ignore_unavailable: 'true' } });
    const ids: string[] = [];
    let after: unknown[] | undefined;
    for (;;) {
      const answer = await this.admin.request({
        method: 'POST', path: `/${target}/_search`, query: { ignore_unavailable: 'true', allow_no_indices: 'true' },
        body: { size: 5_000, _source: false, sort: [{ request_id: { order: 'asc', unmapped_type: 'keyword' } }], ...(after !== undefined && { search_after: after }) },
      });
      const hits = (answer.body as { hits?: { hits?: { _id: string; sort: unknown[] }[] } }).hits?.hits ?? [];
      if (answer.status !== 200) throw new Error(`search: ${String(answer.status)} ${JSON.stringify(answer.body)}`);
      if (hits.length === 0) return ids;
      ids.push(...hits.map(({ _id }) => _id));
      after = hits.at(-1)?.sort;
    }
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    return this.admin.request({ method, path, ...(body !== undefined && { body }) });
  }

  async must(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${String(answer.status)} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** `NAME-YYYY-MM-DD` of that time, today unless given. */
  daily(time: number = Date.now()): string {
    return `${this.index}-${new Date(time).toISOString().slice(0, 10)}`;
  }

  async dispose(): Promise<void> {
    await this.stop(0);
    await this.#log?.close();
    const found = await this.ask('GET', `/_resolve/index/${this.index}*?expand_wildcards=all`);
    for (const index of (found.body as { indices?: { name: string }[] }).indices ?? []) await this.ask('DELETE', `/${index.name}`);
    await this.ask('DELETE', `/_index_template/${this.index}-template`);
    await this.ask('DELETE', `/_ilm/policy/${this.index}-policy`);
    await this.admin.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
