import type { Usage } from '../domain/usage.js';
import { asAmount, asCount, asRecord, asText } from './json-values.js';
import { unaccounted, type OpenAiUsageFlavour } from './openai-usage.js';
import { makeUsage } from './make-usage.js';

/**
 * `usage` of the Responses API, of images, transcription and speech: `input_tokens`,
 * `output_tokens` and their details (`input_tokens_details`; of audio `input_token_details`).
 */
export function responsesUsage(raw: unknown, serviceTier?: unknown, { cost }: OpenAiUsageFlavour = {}): Usage | undefined {
  const usage = asRecord(raw);
  const input = asCount(usage?.input_tokens);
  const output = asCount(usage?.output_tokens);
  if (usage === undefined || (input === undefined && output === undefined)) return undefined;
  const inputDetails = asRecord(usage.input_tokens_details) ?? asRecord(usage.input_token_details);
  const outputDetails = asRecord(usage.output_tokens_details) ?? asRecord(usage.output_token_details);
  const cachedDetails = asRecord(inputDetails?.cached_tokens_details);
  const imageInput = asCount(inputDetails?.image_tokens);
  const total = asCount(usage.total_tokens);
  const ticks = asAmount(usage.cost_in_usd_ticks);
  return makeUsage({
    inputTokens: input,
    outputTokens: output,
    totalTokens: total,
    cachedTokens: asCount(inputDetails?.cached_tokens),
    cacheWriteTokens: asCount(inputDetails?.cache_write_tokens),
    reasoningTokens: asCount(outputDetails?.reasoning_tokens),
    inputAudioTokens: asCount(inputDetails?.audio_tokens),
    outputAudioTokens: asCount(outputDetails?.audio_tokens),
    inputImageTokens: imageInput,
    cachedAudioTokens: asCount(cachedDetails?.audio_tokens),
    cachedImageTokens: asCount(cachedDetails?.image_tokens),
    // The images API counts input by kind; its output is the image, unless details say otherwise.
    outputImageTokens: asCount(outputDetails?.image_tokens) ?? (imageInput === undefined || outputDetails !== undefined ? undefined : output),
    providerCost: ticks === undefined ? cost?.(usage) : ticks / 1e10,
    serviceTier: asText(serviceTier),
    uncertain: unaccounted(input, output, total) === 0 ? undefined : true,
  });
}
