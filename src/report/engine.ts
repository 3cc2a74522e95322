import type { Group } from './row.js';

/** What an engine answers to a query. */
export interface EngineResult {
  /** In the query's order, at most as many as its limit. */
  readonly groups: readonly Group[];
  /** All groups that there are. */
  readonly groupCount: number;
  /** Lines of the log that are no records. */
  readonly brokenLines: number;
  /** What else the reader of the report should know; one sentence each. */
  readonly remarks?: readonly string[];
}
