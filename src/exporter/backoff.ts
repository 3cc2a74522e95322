/**
 * How long to wait before the next attempt, with full jitter: anything up to the exponential limit,
 * so that gateways that failed together do not come back together. `attempt` counts from 1.
 */
export function fullJitter(attempt: number, baseMs: number, capMs: number, random: () => number = Math.random): number {
  const limit = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.ceil(random() * limit);
}
