import { BULK_TIMEOUT_MS } from '../elastic/bulk.js';

/** The exporter's times, in milliseconds. */
export interface Timing {
  /** A batch that is not full goes after this. */
  readonly batchAgeMs: number;
  /** How often an idle exporter looks for lines. */
  readonly pollMs: number;
  /** Between probes of what only an operator can fix. */
  readonly probeMs: number;
  /** How long the gate's answer holds without another look at cluster and template. */
  readonly watchMs: number;
  /** How long an index that was looked at is written to without another look. */
  readonly lookMs: number;
  /** Rest of lines whose being there is to be confirmed. */
  readonly confirmMs: number;
  /** Rest of lines that were refused too often. */
  readonly againMs: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** For the whole answer to a bulk request; the server gives up half as late. */
  readonly bulkTimeoutMs: number;
  /** Between two writes of the cursor. */
  readonly cursorMs: number;
  /** Between two reports to the main thread. */
  readonly statusMs: number;
}

export const TIMING: Timing = {
  batchAgeMs: 1_000,
  pollMs: 250,
  probeMs: 60_000,
  watchMs: 1_000,
  lookMs: 60_000,
  confirmMs: 120_000,
  againMs: 60_000,
  backoffBaseMs: 500,
  backoffCapMs: 30_000,
  bulkTimeoutMs: BULK_TIMEOUT_MS,
  cursorMs: 1_000,
  statusMs: 1_000,
};
