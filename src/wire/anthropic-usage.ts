import type { Usage } from '../domain/usage.js';
import { iterationParts } from './anthropic-iterations.js';
import { asCount, asRecord, asText, type JsonRecord } from './json-values.js';
import { makeUsage, plus, sumOfParts } from './make-usage.js';

/** Ways in which another provider's `usage` of the Messages API differs from Anthropic's. */
export interface AnthropicUsageFlavour {
  /** What the call cost in US dollars, from the usage object (OpenRouter). */
  readonly cost?: (usage: JsonRecord) => number | undefined;
}

/**
 * Anthropic's `usage`: `input_tokens` leaves cache reads and writes out, so they are added. In a
 * stream each one is cumulative and may say only a part: what it leaves out (or says is null) stays
 * as `before` has it, and a count that was above zero does not fall back to zero.
 */
export function anthropicUsage(raw: unknown, before?: Usage, flavour: AnthropicUsageFlavour = {}): Usage | undefined {
  const usage = asRecord(raw);
  if (usage === undefined) return before;
  const whole = wholeUsage(usage, before, flavour);
  const parts = iterationParts(usage.iterations, whole);
  if (parts === undefined) return before?.parts === undefined ? whole : before;
  if (parts === 'unreadable') return { ...whole, uncertain: true };
  const sum = sumOfParts(parts);
  // Only the whole says how many of the output tokens were thinking, and what a provider's own figure is.
  return sum && makeUsage({ ...sum, reasoningTokens: whole?.reasoningTokens, providerCost: whole?.providerCost });
}

/** What the members at the top say; compactions and an advisor's turns are not in it. */
function wholeUsage(usage: JsonRecord, before: Usage | undefined, { cost }: AnthropicUsageFlavour): Usage | undefined {
  const creation = asRecord(usage.cache_creation);
  const written5m = asCount(creation?.ephemeral_5m_input_tokens);
  const written1h = asCount(creation?.ephemeral_1h_input_tokens);
  const written = asCount(usage.cache_creation_input_tokens)
    ?? (written5m === undefined && written1h === undefined ? undefined : (written5m ?? 0) + (written1h ?? 0));
  const cached = latest(asCount(usage.cache_read_input_tokens), before?.cachedTokens);
  const cacheWrite = latest(written, before?.cacheWriteTokens);
  const fresh = latest(asCount(usage.input_tokens), freshInput(before));
  return makeUsage({
    inputTokens: plus(fresh, cached, cacheWrite),
    outputTokens: latest(asCount(usage.output_tokens), before?.outputTokens),
    cachedTokens: cached,
    cacheWriteTokens: cacheWrite,
    cacheWrite1hTokens: latest(written1h, before?.cacheWrite1hTokens),
    reasoningTokens: latest(asCount(asRecord(usage.output_tokens_details)?.thinking_tokens), before?.reasoningTokens),
    webSearches: searchesOf(usage) ?? before?.webSearches,
    serviceTier: tierOf(usage) ?? before?.serviceTier,
    providerCost: cost?.(usage) ?? before?.providerCost,
    region: regionOf(usage) ?? before?.region,
    uncertain: isRepriced(usage) || before?.uncertain === true ? true : undefined,
  });
}

/** Searches so far; none is not worth a word. */
function searchesOf(usage: JsonRecord): number | undefined {
  const searches = asCount(asRecord(usage.server_tool_use)?.web_search_requests);
  return searches === 0 ? undefined : searches;
}

/** Fast inference has a price of its own, as a service tier has. */
function tierOf(usage: JsonRecord): string | undefined {
  return usage.speed === 'fast' ? 'fast' : asText(usage.service_tier);
}

/** Models from before the parameter answer `not_available`. */
function regionOf(usage: JsonRecord): string | undefined {
  const geo = asText(usage.inference_geo);
  return geo === 'not_available' ? undefined : geo;
}

/** A retry after a refusal is billed as if the cache had been the new model's: by how much that is less, nothing says. */
function isRepriced(usage: JsonRecord): boolean {
  return asRecord(asRecord(usage.fallback_credit)?.status)?.type === 'redeemed' && asCount(usage.cache_creation_input_tokens) !== 0;
}

function latest(now: number | undefined, before: number | undefined): number | undefined {
  return now === undefined || (now === 0 && before !== undefined) ? before : now;
}

function freshInput(usage: Usage | undefined): number | undefined {
  if (usage?.inputTokens === undefined) return undefined;
  return usage.inputTokens - (usage.cachedTokens ?? 0) - (usage.cacheWriteTokens ?? 0);
}
