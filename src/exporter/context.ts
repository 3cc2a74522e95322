import type { ElasticsearchConfig } from '../config/config.js';
import type { Layout } from '../domain/elastic-names.js';
import type { Elastic } from '../elastic/client.js';
import type { Target } from '../telemetry/cursor.js';
import type { DeadLetters } from '../telemetry/dead-letters.js';
import type { RetryFiles } from '../telemetry/retry-files.js';
import type { Concurrency } from './concurrency.js';
import type { Pause } from './pause.js';
import type { Placement } from './placement.js';
import type { Caution, ExportCounters, FromThread } from './protocol.js';
import type { Timing } from './timing.js';
import type { Work } from './work.js';

/** What the parts of one export share: everything about one target. */
export interface Context {
  readonly dir: string;
  readonly elastic: Elastic;
  readonly config: ElasticsearchConfig;
  readonly target: Target;
  readonly layout: Layout;
  readonly timing: Timing;
  readonly cautions: readonly Caution[];
  readonly work: Work;
  readonly retry: RetryFiles;
  readonly deadLetters: DeadLetters;
  readonly pause: Pause;
  readonly concurrency: Concurrency;
  readonly placement: Placement;
  readonly counters: ExportCounters;
  readonly report: (message: FromThread) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Aborts what is on its way, at the end of the shutdown's deadline. */
  readonly signal: AbortSignal;
  /** What went wrong and right last, for the status. */
  readonly last: { error: string | null; errorAt: number | null; successAt: number | null; readonly bulkMs: number[];
    /** Dead letters since a record was last written. */
    deadInARow: number; };
  /** The gate is to be asked before anything else is sent. */
  link: { connected: boolean };
}

export function log(context: Pick<Context, 'report'>, level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  context.report({ type: 'log', level, fields, message });
}

export function failed(context: Context, reason: string): void {
  context.last.error = reason;
  context.last.errorAt = Date.now();
}
