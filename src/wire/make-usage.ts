import type { Usage, UsagePart } from '../domain/usage.js';

/** Token counts as a dialect found them; what it did not find is undefined. */
export type UsageParts = { [K in keyof Usage]?: Usage[K] | undefined };

/**
 * A Usage without the unknown; undefined where nothing at all is known. The total is the sum of
 * input and output; the provider's own total counts where one of the two is unknown, or where it is
 * higher and so counts tokens that have no name.
 */
export function makeUsage(parts: UsageParts): Usage | undefined {
  const { inputTokens, outputTokens } = parts;
  const sum = inputTokens !== undefined && outputTokens !== undefined ? inputTokens + outputTokens : undefined;
  const total = parts.uncertain === true ? Math.max(sum ?? 0, parts.totalTokens ?? 0) : sum ?? parts.totalTokens;
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

/**
 * Two usages together (the responses of one session): counts add up, the later service tier holds.
 * What a part says of its own model, and the parts of either, are left out. The provider's figure
 * counts only where both have one: of a part of the bill it would be too low for the whole.
 */
export function addUsage(a: Usage | undefined, b: UsagePart): Usage {
  const { model, parts, ...own } = b;
  if (a === undefined) return own;
  const sum: Record<string, unknown> = { ...a };
  delete sum.parts;
  delete sum.refused; // of one response, not of all
  for (const [name, value] of Object.entries(own) as [string, unknown][]) {
    if (name === 'refused') continue;
    const before = sum[name];
    sum[name] = typeof before === 'number' && typeof value === 'number' ? before + value : value;
  }
  if (a.providerCost === undefined || b.providerCost === undefined) delete sum.providerCost;
  return sum;
}

/** The usage of a call that is billed in several parts; undefined where there are none. */
export function sumOfParts(parts: readonly UsagePart[]): Usage | undefined {
  const sum = parts.reduce<Usage | undefined>(addUsage, undefined);
  return sum && { ...sum, parts };
}

/** The sum of what is known; undefined when the first summand is not known. */
export function plus(base: number | undefined, ...more: readonly (number | undefined)[]): number | undefined {
  return base === undefined ? undefined : more.reduce<number>((sum, value) => sum + (value ?? 0), base);
}
