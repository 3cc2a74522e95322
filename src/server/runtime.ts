import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** The young generation grows to this at most, of itself; beyond it only takes memory. */
const YOUNG_BYTES = 16 * 1024 * 1024;
const CHECK_MS = 1_000;

/**
 * Fits V8 to a process that makes much short-lived garbage and keeps little: helpers that collect
 * the young generation in parallel find almost nothing to share and cost more than they save
 * (docs/performance.md: an eighth of the CPU per request, and a third of the memory). And the young
 * generation may grow only while it is small: V8 shrinks it whenever the process has been idle, and a
 * small one lets garbage grow old, whose collection then stops requests for tens of milliseconds.
 */
export function tuneRuntime(): void {
  setFlagsFromString('--no-parallel-scavenge');
  limitYoungGeneration();
  setInterval(limitYoungGeneration, CHECK_MS).unref();
}

function limitYoungGeneration(): void {
  setFlagsFromString(`--semi-space-growth-factor=${growthFactor(youngBytes())}`);
}

/** Times what the young generation of so many bytes may grow to when V8 finds it too small: 2, or 1 where it is large enough. */
export function growthFactor(bytes: number): 1 | 2 {
  return bytes < YOUNG_BYTES ? 2 : 1;
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? YOUNG_BYTES;
}
