import { setFlagsFromString } from 'node:v8';

/**
 * Fits V8 to a process that makes much short-lived garbage and keeps little: helpers that collect
 * the young generation in parallel find almost nothing to share and cost more than they save
 * (docs/performance.md: an eighth of the CPU per request, and a third of the memory). And a young
 * generation as large as the start has made it is large enough: what it grew to more was memory only.
 */
export function tuneRuntime(): void {
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--semi-space-growth-factor=1');
}
