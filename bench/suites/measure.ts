import type { Load } from '../load/load.js';
import type { LoadResult } from '../load/jobs.js';
import { coreTime, TARGET_CORE } from '../machine/proc.js';
import { jobFor, type Phase } from './phases.js';
import type { RunningTarget } from './running-target.js';

/** What one phase on one target showed. */
export interface Measurement {
  readonly requests: number;
  readonly perSecond: number;
  /** CPU of the target's process tree per 1,000 requests, the settling of what they left behind included; undefined for the stand-in itself. */
  readonly cpuMsPer1k: number | undefined;
  readonly errors: number;
  /** Microseconds. */
  readonly latency: LoadResult['latency'];
  readonly firstByte: LoadResult['firstByte'];
  readonly gap: LoadResult['gap'];
  /** Share of the target's core that others took, or that the host stole, meanwhile. */
  readonly noise: number;
}

export async function measure(running: RunningTarget, phase: Phase, load: Load, options: { seconds: number; connections: number; share: number }): Promise<Measurement> {
  const cpuBefore = running.cpuMs();
  const coreBefore = coreTime(TARGET_CORE);
  const startedAt = performance.now();
  const result = await load.run(jobFor(phase, running.port, running.headers, options.seconds, options.connections, options.share));
  const loadedMs = performance.now() - startedAt;
  const core = coreTime(TARGET_CORE);
  const foreign = core.busy - coreBefore.busy - (running.cpuMs() - cpuBefore) + core.stolen - coreBefore.stolen;
  await running.settle();
  const cpu = running.cpuMs() - cpuBefore;
  const own = running.pids.length > 0;
  return {
    requests: result.requests,
    perSecond: result.requests / result.seconds,
    cpuMsPer1k: own && result.requests > 0 ? cpu * 1000 / result.requests : undefined,
    errors: result.refused + result.broken + result.shed,
    latency: result.latency,
    firstByte: result.firstByte,
    gap: result.gap,
    noise: own ? Math.max(0, foreign / loadedMs) : 0,
  };
}
