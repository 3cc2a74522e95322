import type { Config } from '../config/config.js';
import { Credentials } from '../elastic/credentials.js';
import type { ExportStatus } from '../exporter/protocol.js';
import { Supervisor } from '../exporter/supervisor.js';
import { TIMING, type Timing } from '../exporter/timing.js';
import { findCursor } from '../telemetry/backlog.js';
import type { Cursor } from '../telemetry/cursor.js';
import type { Segment } from '../telemetry/segments.js';
import type { Logger } from './logger.js';
import { NO_EXPORT, type ElasticsearchHealth } from './readiness.js';
import { ReportWriter } from './report-writer.js';

/** The export of one gateway, as the rest of the server sees it. */
export interface Export {
  /** Makes the question "is all of this segment settled?" for one run of the retention. */
  settled(): Promise<(segment: Segment) => boolean>;
  /** The same for the bytes at a segment's start that are settled. */
  settledBytes(): Promise<(segment: Segment) => number>;
  /** Whether the cluster has said which one it is. Until then the cursor of the last one counts. */
  isIdentified(): boolean;
  /** A line was appended; costs the hot path next to nothing. */
  notify(): void;
  health(): ElasticsearchHealth;
  /** Other processes append from now on. */
  setWriters(writers: ReadonlyMap<number, string>): void;
  /** The exporter's last report; undefined where nothing is exported, or it has not come yet. */
  status(): ExportStatus | undefined;
  /** Times that the exporter's thread died. */
  restarts(): number;
  /** Other credentials for the cluster are in force. Resolves with what puts them in force. @throws Failure where they cannot be read */
  prepare(elasticsearch: Config['elasticsearch']): () => void;
  /** Lets the exporter send what it can within the deadline; what is left stays in the log. */
  stop(deadlineMs: number): Promise<void>;
}

export interface ExportOptions {
  readonly config: Config;
  /** Writers of the processes that append to the log, by process id. */
  readonly writers: ReadonlyMap<number, string>;
  readonly logger: Logger;
  readonly timing?: Partial<Timing>;
  /** Records that the log had to drop before they were exported, for the report on disk. */
  readonly dropped?: () => number;
  /** Told about every report of the exporter. */
  readonly onStatus?: (status: ExportStatus, bulkMs: readonly number[]) => void;
}

/** How long the limits of the log wait for the cluster to say which one it is. */
const IDENTIFY_MS = 10_000;

/** Starts the exporter where ENABLE_ELASTICSEARCH says so; else everything counts as settled. */
export async function startExport(options: ExportOptions): Promise<Export> {
  const { config: { elasticsearch, telemetry }, logger } = options;
  if (!elasticsearch.enabled) {
    return {
      settled: async () => () => true, settledBytes: async () => () => Number.MAX_SAFE_INTEGER, isIdentified: () => true,
      notify: () => undefined, health: () => NO_EXPORT, status: () => undefined, restarts: () => 0, setWriters: () => undefined, prepare: () => () => undefined, stop: async () => undefined,
    };
  }
  let status: ExportStatus | undefined;
  const identified = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => { identified.resolve(undefined); }, IDENTIFY_MS).unref();
  let credentials = headerOf(elasticsearch);
  const note = new ReportWriter(telemetry.dir, elasticsearch.index, options.dropped ?? (() => 0));
  const supervisor = new Supervisor({
    input: { dir: telemetry.dir, maxTelemetryBytes: telemetry.maxBytes, elasticsearch, timing: { ...TIMING, ...options.timing } },
    writers: options.writers,
    onStatus: (heard, bulkMs) => {
      status = heard;
      if (heard.target !== undefined) identified.resolve(undefined);
      note.heard(heard);
      options.onStatus?.(heard, bulkMs);
    },
    onLog: (level, fields, message) => { logger[level](fields, message); },
  });
  // From the cursor on disk alone: what a crash would take back must not be removed.
  // At the start the cluster gets some time to say which one it is: the last cursor may be another cluster's.
  const cursorOnDisk = async (): Promise<Cursor | undefined> => {
    const { index, layout } = elasticsearch;
    const last = await findCursor(telemetry.dir, { clusterUuid: undefined, index, layout });
    if (last === undefined) return undefined;
    await identified.promise;
    const target = status?.target;
    return target === undefined ? last : findCursor(telemetry.dir, { ...target, index });
  };
  return {
    settled: async () => {
      const cursor = await cursorOnDisk();
      return ({ name }) => cursor?.done.has(name) === true;
    },
    settledBytes: async () => {
      const cursor = await cursorOnDisk();
      return ({ name }) => cursor?.open.get(name) ?? 0;
    },
    notify: () => { supervisor.notify(); },
    health: () => healthOf(status),
    status: () => status,
    setWriters: (writers) => { supervisor.setWriters(writers); },
    restarts: () => supervisor.restarts,
    prepare: (fresh) => {
      const next = { ...withoutSecrets(elasticsearch), ...secretsOf(fresh) };
      const { header } = new Credentials(next);
      return () => {
        if (header === credentials) return;
        credentials = header;
        logger.info('the credentials for Elasticsearch have changed');
        void supervisor.reload(next);
      };
    },
    isIdentified: () => status?.target !== undefined,
    stop: async (deadlineMs) => {
      clearTimeout(timer);
      identified.resolve(undefined);
      await supervisor.stop(deadlineMs);
      await note.end();
    },
  };
}

const SECRETS = ['username', 'password', 'passwordFile', 'apiKey', 'apiKeyFile'] as const;

function secretsOf(elasticsearch: Config['elasticsearch']): Partial<Config['elasticsearch']> {
  return Object.fromEntries(SECRETS.flatMap((name) => (elasticsearch[name] === undefined ? [] : [[name, elasticsearch[name]]])));
}

function withoutSecrets(elasticsearch: Config['elasticsearch']): Config['elasticsearch'] {
  return Object.fromEntries(Object.entries(elasticsearch).filter(([name]) => !(SECRETS as readonly string[]).includes(name))) as unknown as Config['elasticsearch'];
}

/** A file that cannot be read yet is waited for. */
function headerOf(elasticsearch: Config['elasticsearch']): string | undefined {
  try {
    return new Credentials(elasticsearch).header;
  } catch {
    return undefined;
  }
}

function healthOf(status: ExportStatus | undefined): ElasticsearchHealth {
  if (status === undefined) return { ...NO_EXPORT, enabled: true, state: 'starting' };
  const { state, reason, fix, backlogBytes, retryBytes, oldestTime } = status;
  return {
    enabled: true, state, reason, fix,
    backlog_bytes: backlogBytes === null ? null : backlogBytes + retryBytes,
    oldest_unexported_seconds: oldestTime === null ? null : Math.max(0, Math.round((Date.now() - oldestTime) / 1_000)),
  };
}
