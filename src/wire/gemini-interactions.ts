import type { Dialect, Observation } from '../domain/dialect.js';
import type { Usage } from '../domain/usage.js';
import { isEventStream } from './content-type.js';
import { geminiErrorBody } from './gemini.js';
import { topLevelText } from './json-scan.js';
import { asArray, asCode, asCount, asRecord, asText, parseJson, type JsonRecord } from './json-values.js';
import { makeUsage, plus } from './make-usage.js';

/** Google's Interactions API: everything that matters stands in the `interaction` of its events. */
export const geminiInteractions: Dialect = {
  name: 'gemini-interactions',
  bodyMembers: ['model', 'status', 'usage', 'service_tier', 'error', 'errors'],
  usageMember: 'usage',
  streamFormat: (contentType) => (isEventStream(contentType) ? 'sse' : undefined),
  errorBody: geminiErrorBody,
  readBody(body, status, into) {
    const answer = asRecord(Array.isArray(body) ? body[0] : body);
    if (answer === undefined) return;
    if (status >= 400) readError(asRecord(answer.error), into);
    else readInteraction(answer, into);
  },
  readEvent({ type: framed, data }, into) {
    const type = topLevelText(data, 'event_type') ?? framed;
    if (type === 'step.delta') {
      if (!into.hasToken) into.hasToken = isToken(asRecord(asRecord(parseJson(data))?.delta));
      return;
    }
    if (type !== 'interaction.created' && type !== 'interaction.completed' && type !== 'error') return;
    const event = asRecord(parseJson(data));
    const interaction = asRecord(event?.interaction);
    if (interaction !== undefined) readInteraction(interaction, into);
    if (type === 'error') readError(asRecord(event?.error), into);
    if (type !== 'interaction.created') into.complete = true;
  },
};

/**
 * The results of tools and the thoughts are counted apart from input and output, as in
 * `usageMetadata`; the total says what of them is in the sum.
 */
function interactionsUsage(raw: unknown, serviceTier?: unknown): Usage | undefined {
  const usage = asRecord(raw);
  if (usage === undefined) return undefined;
  const total = asCount(usage.total_tokens);
  const thoughts = asCount(usage.total_thought_tokens);
  const said = asCount(usage.total_output_tokens);
  const inputTokens = plus(asCount(usage.total_input_tokens), asCount(usage.total_tool_use_tokens));
  const remaining = total !== undefined && inputTokens !== undefined && total >= inputTokens ? total - inputTokens : undefined;
  const apart = said === undefined && thoughts === undefined ? undefined : (said ?? 0) + (thoughts ?? 0);
  return makeUsage({
    inputTokens,
    outputTokens: remaining !== undefined && remaining >= (said ?? 0) ? remaining : apart,
    totalTokens: total,
    cachedTokens: asCount(usage.total_cached_tokens),
    reasoningTokens: thoughts,
    inputAudioTokens: tokensOf('audio', usage.input_tokens_by_modality),
    outputAudioTokens: tokensOf('audio', usage.output_tokens_by_modality),
    inputImageTokens: tokensOf('image', usage.input_tokens_by_modality),
    outputImageTokens: tokensOf('image', usage.output_tokens_by_modality),
    cachedAudioTokens: tokensOf('audio', usage.cached_tokens_by_modality),
    cachedImageTokens: tokensOf('image', usage.cached_tokens_by_modality),
    serviceTier: asText(serviceTier),
  });
}

function tokensOf(modality: string, details: unknown): number | undefined {
  return asCount(asArray(details).map(asRecord).find((entry) => entry?.modality === modality)?.tokens);
}

function readInteraction(interaction: JsonRecord, into: Observation): void {
  const model = asText(interaction.model);
  if (model !== undefined) into.responseModel = model;
  const usage = interactionsUsage(interaction.usage, interaction.service_tier);
  if (usage !== undefined) into.usage = usage;
  const status = asText(interaction.status);
  if (status !== undefined && status !== 'in_progress') into.finishReason = status;
  if (status === 'failed') readError(asRecord(asArray(interaction.errors)[0]), into);
}

function readError(error: JsonRecord | undefined, into: Observation): void {
  into.failed = true;
  const type = asText(error?.status) ?? asCode(error?.code);
  if (type !== undefined) into.providerErrorType = type;
}

function isToken(delta: JsonRecord | undefined): boolean {
  return delta !== undefined && (asText(delta.text) !== undefined || (delta.type !== 'text' && Object.keys(delta).length > 1));
}
