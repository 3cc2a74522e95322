import type { Usage } from '../domain/usage.js';
import { asArray, asCount, asRecord } from './json-values.js';
import { makeUsage, plus } from './make-usage.js';
import { unaccounted } from './openai-usage.js';

/** Converse's `usage` (also Amazon Nova's own): `inputTokens` leaves cache reads and writes out, so they are added. */
export function converseUsage(raw: unknown): Usage | undefined {
  const usage = asRecord(raw);
  if (usage === undefined) return undefined;
  const cached = asCount(usage.cacheReadInputTokens);
  const written = asCount(usage.cacheWriteInputTokens);
  const written1h = asArray(usage.cacheDetails).map(asRecord).find((detail) => detail?.ttl === '1h');
  const inputTokens = plus(asCount(usage.inputTokens), cached, written);
  const outputTokens = asCount(usage.outputTokens);
  const totalTokens = asCount(usage.totalTokens);
  return makeUsage({
    inputTokens,
    outputTokens,
    totalTokens,
    cachedTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: asCount(written1h?.inputTokens),
    // The total may leave the cache out; it cannot hold more than all of it.
    uncertain: unaccounted(inputTokens, outputTokens, totalTokens) > 0 ? true : undefined,
  });
}

/**
 * `amazon-bedrock-invocationMetrics` of the last frame of an invoke stream: Amazon's own count,
 * over what the model's body said `before` (which knows more: the lifetime of the cache, reasoning).
 */
export function invocationUsage(raw: unknown, before?: Usage): Usage | undefined {
  const metrics = asRecord(raw);
  const fresh = asCount(metrics?.inputTokenCount);
  const output = asCount(metrics?.outputTokenCount);
  if (metrics === undefined || (fresh === undefined && output === undefined)) return before;
  // Of an answer that is billed in parts the body knows more than Amazon's one count.
  if (before?.parts !== undefined) return before;
  const cached = asCount(metrics.cacheReadInputTokenCount) ?? before?.cachedTokens;
  const written = asCount(metrics.cacheWriteInputTokenCount) ?? before?.cacheWriteTokens;
  return makeUsage({
    ...before,
    inputTokens: plus(fresh, cached, written) ?? before?.inputTokens,
    outputTokens: output ?? before?.outputTokens,
    cachedTokens: cached,
    cacheWriteTokens: written,
  });
}
