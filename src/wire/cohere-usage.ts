import type { Usage } from '../domain/usage.js';
import { asCount, asRecord } from './json-values.js';
import { makeUsage } from './make-usage.js';

/**
 * Cohere's `usage` (chat) or `meta` (embed, rerank): what is billed counts, because that is what
 * the provider's invoice says; `tokens` also holds Cohere's own preamble.
 */
export function cohereUsage(raw: unknown): Usage | undefined {
  const usage = asRecord(raw);
  if (usage === undefined) return undefined;
  const billed = asRecord(usage.billed_units);
  const tokens = asRecord(usage.tokens);
  const input = asCount(billed?.input_tokens) ?? asCount(tokens?.input_tokens);
  const cached = asCount(usage.cached_tokens);
  return makeUsage({
    inputTokens: input,
    outputTokens: asCount(billed?.output_tokens) ?? asCount(tokens?.output_tokens),
    // Of all tokens of the prompt, which may be more than the billed ones: a part cannot exceed the whole.
    cachedTokens: cached === undefined || input === undefined ? cached : Math.min(cached, input),
  });
}
