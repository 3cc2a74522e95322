import type { Usage } from '../domain/usage.js';
import { asArray, asCount, asRecord, asText } from './json-values.js';
import { makeUsage, plus } from './make-usage.js';
import { unaccounted } from './openai-usage.js';

/**
 * Gemini's `usageMetadata`: `promptTokenCount` includes the cached content but not the results of
 * tools, which are input too; `candidatesTokenCount` leaves the thoughts out, so they are added.
 * Google omits counts that are zero: with a total the output is what remains of it.
 */
export function geminiUsage(raw: unknown): Usage | undefined {
  const usage = asRecord(raw);
  if (usage === undefined) return undefined;
  const total = asCount(usage.totalTokenCount);
  const thoughts = asCount(usage.thoughtsTokenCount);
  const candidates = asCount(usage.candidatesTokenCount);
  const inputTokens = plus(asCount(usage.promptTokenCount), asCount(usage.toolUsePromptTokenCount));
  const said = candidates ?? thoughts;
  const remaining = total !== undefined && inputTokens !== undefined && total >= inputTokens ? total - inputTokens : undefined;
  const outputTokens = said === undefined ? remaining : (candidates ?? 0) + (thoughts ?? 0);
  return makeUsage({
    inputTokens,
    outputTokens,
    totalTokens: total,
    cachedTokens: asCount(usage.cachedContentTokenCount),
    reasoningTokens: thoughts,
    inputAudioTokens: tokensOf('AUDIO', usage.promptTokensDetails),
    outputAudioTokens: tokensOf('AUDIO', usage.candidatesTokensDetails),
    inputImageTokens: tokensOf('IMAGE', usage.promptTokensDetails),
    outputImageTokens: tokensOf('IMAGE', usage.candidatesTokensDetails),
    cachedAudioTokens: tokensOf('AUDIO', usage.cacheTokensDetails),
    cachedImageTokens: tokensOf('IMAGE', usage.cacheTokensDetails),
    serviceTier: tierOf(asText(usage.trafficType)) ?? asText(usage.serviceTier),
    uncertain: unaccounted(inputTokens, outputTokens, total) > 0 ? true : undefined,
  });
}

/** Vertex AI's word for how the call is billed, in the words of the others: `ON_DEMAND_FLEX` is `flex`. */
function tierOf(trafficType: string | undefined): string | undefined {
  switch (trafficType) {
    case undefined:
    case 'TRAFFIC_TYPE_UNSPECIFIED': return undefined;
    case 'ON_DEMAND': return 'standard';
    default: return trafficType.replace(/^ON_DEMAND_/, '').toLowerCase();
  }
}

function tokensOf(modality: string, details: unknown): number | undefined {
  return asCount(asArray(details).map(asRecord).find((entry) => entry?.modality === modality)?.tokenCount);
}
