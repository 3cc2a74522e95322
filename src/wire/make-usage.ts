import type { Usage } from '../domain/usage.js';

/** Token counts as a dialect found them; what it did not find is undefined. */
export type UsageParts = { [K in keyof Usage]?: Usage[K] | undefined };

/**
 * A Usage without the unknown; undefined where nothing at all is known. The total is the sum of
 * input and output; the provider's own total counts only where one of the two is unknown.
 */
export function makeUsage(parts: UsageParts): Usage | undefined {
  const { inputTokens, outputTokens } = parts;
  const total = inputTokens !== undefined && outputTokens !== undefined ? inputTokens + outputTokens : parts.totalTokens;
  const usage: Record<string, unknown> = {};
  let known = false;
  for (const name of Object.keys(parts) as (keyof Usage)[]) {
    if (parts[name] === undefined || name === 'totalTokens') continue;
    usage[name] = parts[name];
    known = true;
  }
  if (total !== undefined) usage.totalTokens = total;
  return known || total !== undefined ? usage : undefined;
}

/** Two usages together (the responses of one session): counts add up, the later service tier holds. */
export function addUsage(a: Usage | undefined, b: Usage): Usage {
  if (a === undefined) return b;
  const sum: Record<string, unknown> = { ...a };
  for (const [name, value] of Object.entries(b) as [string, unknown][]) {
    const before = sum[name];
    sum[name] = typeof before === 'number' && typeof value === 'number' ? before + value : value;
  }
  return sum;
}

/** The sum of what is known; undefined when the first summand is not known. */
export function plus(base: number | undefined, ...more: readonly (number | undefined)[]): number | undefined {
  return base === undefined ? undefined : more.reduce<number>((sum, value) => sum + (value ?? 0), base);
}
