import type { Usage } from '../domain/usage.js';
import { asCount, asAmount, asRecord, asText, type JsonRecord } from './json-values.js';
import { makeUsage } from './make-usage.js';

/** Ways in which a provider's `usage` differs from OpenAI's. */
export interface OpenAiUsageFlavour {
  /** Reasoning is never part of `completion_tokens`, whatever the total says (Perplexity). */
  readonly reasoningApart?: boolean;
  /** The total says more than prompt and completion because it counts hidden thinking, which is output (Gemini). */
  readonly hiddenInTotal?: boolean;
  /** What the call cost in US dollars, from the usage object (OpenRouter, Perplexity). */
  readonly cost?: (usage: JsonRecord) => number | undefined;
}

/** xAI counts a dollar as 10^10 ticks. */
const TICKS_PER_DOLLAR = 1e10;

/**
 * `usage` of chat and text completions and embeddings: `prompt_tokens`, `completion_tokens` and
 * their details. `cached_tokens` are part of the prompt; reasoning is part of the completion, save
 * where the numbers say otherwise (xAI: the total is the sum of all three).
 */
export function openAiUsage(raw: unknown, serviceTier?: unknown, flavour: OpenAiUsageFlavour = {}): Usage | undefined {
  const usage = asRecord(raw);
  const prompt = asCount(usage?.prompt_tokens);
  const completion = asCount(usage?.completion_tokens);
  if (usage === undefined || (prompt === undefined && completion === undefined)) return undefined;
  const promptDetails = asRecord(usage.prompt_tokens_details);
  const completionDetails = asRecord(usage.completion_tokens_details);
  const total = asCount(usage.total_tokens);
  const reasoning = asCount(completionDetails?.reasoning_tokens) ?? asCount(usage.reasoning_tokens);
  const apart = flavour.reasoningApart === true || isApart(prompt, completion, reasoning, total);
  const said = apart && completion !== undefined ? completion + (reasoning ?? 0) : completion;
  const missing = unaccounted(prompt, said, total);
  const hidden = flavour.hiddenInTotal === true && missing > 0;
  const contradicts = flavour.reasoningApart === true ? missing > 0 : missing !== 0 && !hidden;
  const ticks = asAmount(usage.cost_in_usd_ticks);
  return makeUsage({
    inputTokens: prompt,
    outputTokens: hidden && said !== undefined ? said + missing : said,
    totalTokens: total,
    // Other names for the same: DeepSeek's, and Moonshot's at the top.
    cachedTokens: asCount(promptDetails?.cached_tokens) ?? asCount(usage.prompt_cache_hit_tokens) ?? asCount(usage.cached_tokens),
    cacheWriteTokens: asCount(promptDetails?.cache_write_tokens),
    reasoningTokens: reasoning,
    inputAudioTokens: asCount(promptDetails?.audio_tokens),
    outputAudioTokens: asCount(completionDetails?.audio_tokens),
    providerCost: ticks === undefined ? flavour.cost?.(usage) : ticks / TICKS_PER_DOLLAR,
    serviceTier: asText(serviceTier) ?? asText(usage.service_tier),
    // Seconds of audio are billed beside the tokens (Mistral), at a price that no list has.
    uncertain: contradicts || (asAmount(usage.prompt_audio_seconds) ?? 0) > 0 ? true : undefined,
  });
}

function isApart(
  prompt: number | undefined, completion: number | undefined, reasoning: number | undefined, total: number | undefined,
): boolean {
  if (prompt === undefined || completion === undefined || reasoning === undefined || reasoning === 0) return false;
  return reasoning > completion || total === prompt + completion + reasoning;
}

/**
 * By how much the provider's total exceeds its parts (tokens that it counts and does not name), or
 * falls short of them; 0 where it says none, which some servers do with 0.
 */
export function unaccounted(input: number | undefined, output: number | undefined, total: number | undefined): number {
  return input === undefined || output === undefined || total === undefined || total === 0 ? 0 : total - input - output;
}
