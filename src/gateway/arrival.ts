import type { Target } from './target.js';

/** Facts that are fixed before an exchange starts. */
export interface Arrival {
  readonly requestId: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly receivedAt: number;
  /** performance.now() at the same moment. */
  readonly startedAt: number;
  readonly target: Target;
  readonly corsHeaders: readonly string[];
}
