import { expect } from 'chai';
import { splitBuckets, type TokenBuckets } from '../../../src/pricing/buckets.js';
import { loadPricer } from '../../../src/pricing/pricer.js';
import type { Pricer } from '../../../src/pricing/price.js';
import { PROVIDERS } from '../../../src/providers/registry.js';
import { dialectAt, observe } from '../wire/stream-fixtures.js';

/** A provider's own words → the five buckets → US dollars, the arithmetic written down. */
interface Case {
  readonly provider: string;
  readonly name: string;
  readonly path: string;
  readonly model?: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly buckets?: Partial<TokenBuckets>;
  /** US dollars; undefined: unknown, which must not become 0. */
  readonly cost: number | undefined;
  readonly source?: string;
  /** The region that the address says. */
  readonly region?: string;
}

const M = 1_000_000;
const AT = Date.UTC(2026, 9, 15, 12);
const chat = '/v1/chat/completions';
const NONE: TokenBuckets = {
  input: undefined, fresh: 0, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, inputAudio: 0, cachedAudio: 0, inputImage: 0, cachedImage: 0,
  output: 0, reasoning: 0, outputAudio: 0, outputImage: 0, webSearches: 0,
};

const AGENT = { id: 'resp_1', object: 'response', status: 'completed', model: 'openai/gpt-5.2', output: [], usage: {
  input_tokens: 5000, output_tokens: 500, total_tokens: 5500, cost: { currency: 'USD', input_cost: 0.00875, output_cost: 0.007, tool_calls_cost: 0.005, total_cost: 0.02075 },
} };
const message = (model: string, usage: object, more: object = {}): object => (
  { type: 'message', model, content: [{ type: 'text', text: 'x' }], stop_reason: 'end_turn', ...more, usage });
const million = { prompt_tokens: 1_000_000, completion_tokens: 0, total_tokens: 1_000_000 };
const vertexPath = (location: string, model: string, method: string): string => (
  `/v1/projects/p/locations/${location}/publishers/${model.startsWith('claude') ? 'anthropic' : 'google'}/models/${model}:${method}`);
const INPUT_MILLION = { input: 1_000_000, fresh: 1_000_000 };

/** Billed in several parts, not at all, elsewhere, or at a tier. */
const BILLING: readonly Case[] = [
  { provider: 'anthropic', name: 'a compaction is billed beside the message', path: '/v1/messages',
    body: message('claude-opus-4-6', { input_tokens: 23_000, output_tokens: 1_000, iterations: [
      { type: 'compaction', input_tokens: 180_000, output_tokens: 3_500 }, { type: 'message', input_tokens: 23_000, output_tokens: 1_000 }] }),
    buckets: { input: 203_000, fresh: 203_000, output: 4_500 }, cost: (203_000 * 5 + 4_500 * 25) / M },
  { provider: 'anthropic', name: 'an advisor is billed at its own model\'s price', path: '/v1/messages',
    body: message('claude-sonnet-4-6', { input_tokens: 400, output_tokens: 500, iterations: [
      { type: 'message', input_tokens: 200, output_tokens: 100 },
      { type: 'advisor_message', model: 'claude-opus-4-6', input_tokens: 10_000, output_tokens: 2_000 },
      { type: 'message', input_tokens: 200, output_tokens: 400 }] }),
    buckets: { input: 10_400, fresh: 10_400, output: 2_500 }, cost: 0.0087 + (10_000 * 5 + 2_000 * 25) / M },
  { provider: 'anthropic', name: 'an advisor whose model has no price leaves the whole without one', path: '/v1/messages',
    body: message('claude-sonnet-4-6', { input_tokens: 400, output_tokens: 500, iterations: [
      { type: 'message', input_tokens: 400, output_tokens: 500 },
      { type: 'advisor_message', model: 'claude-unheard-of', input_tokens: 10, output_tokens: 20 }] }),
    buckets: { input: 410, fresh: 410, output: 520 }, cost: undefined },
  { provider: 'anthropic', name: 'a fallback after partial output: both models are billed', path: '/v1/messages',
    body: message('claude-opus-5', { input_tokens: 1_000, output_tokens: 300, iterations: [
      { type: 'message', model: 'claude-fable-5', input_tokens: 1_000, output_tokens: 100 },
      { type: 'fallback_message', model: 'claude-opus-5', input_tokens: 1_000, output_tokens: 300 }] }),
    buckets: { input: 2_000, fresh: 2_000, output: 400 }, cost: (1_000 * 10 + 100 * 50 + 1_000 * 5 + 300 * 25) / M },
  { provider: 'anthropic', name: 'a fallback after a refusal without output: only the model that answered is billed', path: '/v1/messages',
    body: message('claude-opus-5', { input_tokens: 1_000, output_tokens: 300, iterations: [
      { type: 'message', model: 'claude-fable-5', input_tokens: 1_000, output_tokens: 0 },
      { type: 'fallback_message', model: 'claude-opus-5', input_tokens: 1_000, output_tokens: 300 }] }),
    buckets: { input: 1_000, fresh: 1_000, output: 300 }, cost: (1_000 * 5 + 300 * 25) / M },
  { provider: 'anthropic', name: 'parts have caches and searches of their own', path: '/v1/messages',
    body: message('claude-opus-4-6', { input_tokens: 5, output_tokens: 5, server_tool_use: { web_search_requests: 2 }, iterations: [
      { type: 'compaction', input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 1_000 },
      { type: 'message', input_tokens: 5, output_tokens: 5, cache_creation_input_tokens: 300, cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 } }] }),
    buckets: { input: 1_315, fresh: 15, cacheRead: 1_000, cacheWrite: 100, cacheWrite1h: 200, output: 25, webSearches: 2 },
    cost: (15 * 5 + 1_000 * 0.5 + 100 * 6.25 + 200 * 10 + 25 * 25) / M + 0.02 },
  { provider: 'anthropic', name: 'a refusal before any output is not billed', path: '/v1/messages',
    body: message('claude-fable-5', { input_tokens: 100_000, output_tokens: 0 }, { content: [], stop_reason: 'refusal' }),
    buckets: { input: 100_000, fresh: 100_000 }, cost: 0 },
  { provider: 'anthropic', name: 'a refusal after some output is billed', path: '/v1/messages',
    body: message('claude-fable-5', { input_tokens: 1_000, output_tokens: 10 }, { stop_reason: 'refusal' }),
    buckets: { input: 1_000, fresh: 1_000, output: 10 }, cost: (1_000 * 10 + 10 * 50) / M },
  { provider: 'bedrock', name: 'whether a refusal is billed there, nobody says', path: '/model/global.anthropic.claude-fable-5-v1%3A0/invoke',
    model: 'global.anthropic.claude-fable-5-v1:0',
    body: message('claude-fable-5', { input_tokens: 106, output_tokens: 1 }, { content: [], stop_reason: 'refusal' }),
    buckets: { input: 106, fresh: 106, output: 1 }, cost: undefined },
  { provider: 'anthropic', name: 'a retry at the price of a cache that it did not have', path: '/v1/messages',
    body: message('claude-opus-5', { input_tokens: 10, cache_creation_input_tokens: 900, output_tokens: 1, fallback_credit: { status: { type: 'redeemed' } } }),
    buckets: { input: 910, fresh: 10, cacheWrite: 900, output: 1 }, cost: undefined },
  { provider: 'anthropic', name: 'inference in the United States only', path: '/v1/messages',
    body: message('claude-sonnet-4-6', { input_tokens: 1_000_000, output_tokens: 100_000, service_tier: 'standard', inference_geo: 'us' }),
    buckets: { ...INPUT_MILLION, output: 100_000 }, cost: (3 + 1.5) * 1.1 },
  { provider: 'anthropic', name: 'inference anywhere, and models that cannot choose', path: '/v1/messages',
    body: message('claude-sonnet-4-6', { input_tokens: 1_000_000, output_tokens: 0, inference_geo: 'global' }), buckets: INPUT_MILLION, cost: 3 },
  { provider: 'anthropic', name: 'a model from before the choice', path: '/v1/messages',
    body: message('claude-haiku-4-5-20251001', { input_tokens: 1_000_000, output_tokens: 0, inference_geo: 'not_available' }), buckets: INPUT_MILLION, cost: 1 },
  { provider: 'anthropic', name: 'a place whose price nobody said', path: '/v1/messages',
    body: message('claude-sonnet-4-6', { input_tokens: 1_000_000, output_tokens: 0, inference_geo: 'eu' }), buckets: INPUT_MILLION, cost: undefined },
  ...([['us-east5', 'claude-opus-5', 5.5], ['global', 'claude-opus-5', 5], ['us', 'claude-opus-5', 5.5], ['us-east5', 'claude-opus-4-1@20250805', 15]] as const)
    .map(([region, model, cost]): Case => ({ provider: 'vertex', name: `${model} in ${region}`, path: vertexPath(region, model, 'rawPredict'), model, region,
      body: message(model, { input_tokens: 1_000_000, output_tokens: 0 }), buckets: INPUT_MILLION, cost })),
  ...([['us-central1', 'gemini-3.5-flash', 1.65], ['global', 'gemini-3.5-flash', 1.5], ['us-central1', 'gemini-2.5-flash', 0.3]] as const)
    .map(([region, model, cost]): Case => ({ provider: 'vertex', name: `${model} in ${region}`, path: vertexPath(region, model, 'generateContent'), model, region,
      body: { modelVersion: model, usageMetadata: { promptTokenCount: 1_000_000, totalTokenCount: 1_000_000, trafficType: 'ON_DEMAND' } }, buckets: INPUT_MILLION, cost })),
  ...([['eu', 'gpt-5.4-2026-03-05', 5.5], [undefined, 'gpt-5.4-2026-03-05', 5], ['eu', 'gpt-5.2', 1.75], ['us', 'gpt-4o-2024-08-06', 2.5], ['eu', 'gpt-image-2', undefined]] as const)
    .map(([region, model, cost]): Case => ({ provider: 'openai', name: `${model} at the host of ${region ?? 'everywhere'}`, path: chat, model,
      body: { model, choices: [], usage: million }, buckets: INPUT_MILLION, cost, ...(region === undefined ? {} : { region }) })),
  ...([['eu-central-1', 'amazon.nova-lite-v1:0', undefined], ['us-west-2', 'amazon.nova-lite-v1:0', 0.06], ['us-east-1', 'us.amazon.nova-lite-v1:0', 0.06],
    ['eu-central-1', 'eu.amazon.nova-lite-v1:0', undefined], ['eu-central-1', 'global.amazon.nova-2-lite-v1:0', 0.3], ['eu-central-1', 'eu.amazon.nova-2-lite-v1:0', undefined], ['us-gov-west-1', 'us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0', undefined],
    ['eu-central-1', 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0', 3.3], ['ap-northeast-1', 'jp.anthropic.claude-sonnet-4-5-20250929-v1:0', 3.3],
    ['us-east-1', 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0', 3.3],
    ['us-east-1', 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0', 3],
    ['us-east-1', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/claude-sonnet-4-5-20250929', undefined]] as const)
    .map(([region, model, cost]): Case => ({ provider: 'bedrock', name: `${model} in ${region}`, path: `/model/${encodeURIComponent(model)}/converse`, model, region,
      body: { stopReason: 'end_turn', usage: { inputTokens: 1_000_000, outputTokens: 0, totalTokens: 1_000_000 } }, buckets: INPUT_MILLION, cost })),
  { provider: 'gemini', name: 'thinking that only the total counts, at the compatible endpoint', path: '/v1beta/openai/chat/completions',
    body: { model: 'gemini-2.5-flash', choices: [], usage: { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 } },
    buckets: { input: 20, fresh: 20, output: 603 }, cost: (20 * 0.3 + 603 * 2.5) / M },
  { provider: 'openai', name: 'a total that exceeds its parts leaves the cost unknown', path: chat,
    body: { model: 'gpt-4o', choices: [], usage: { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 } },
    buckets: { input: 20, fresh: 20, output: 198 }, cost: undefined },
  { provider: 'openai', name: 'a total that falls short of its parts leaves the cost unknown', path: '/v1/responses',
    body: { model: 'gpt-4o', status: 'completed', usage: { input_tokens: 20, output_tokens: 198, total_tokens: 30 } },
    buckets: { input: 20, fresh: 20, output: 198 }, cost: undefined },
  { provider: 'gemini', name: 'a total that exceeds its parts leaves the cost unknown', path: '/v1beta/models/gemini-2.5-flash:generateContent',
    body: { modelVersion: 'gemini-2.5-flash', usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 20, totalTokenCount: 99 } },
    buckets: { input: 10, fresh: 10, output: 20 }, cost: undefined },
  ...(['flex', 'priority', 'default'] as const).map((tier): Case => (
    { provider: 'bedrock', name: `invoke: the tier ${tier} in a header`, path: '/model/openai.gpt-oss-120b-1%3A0/invoke', model: 'openai.gpt-oss-120b-1:0',
      headers: { 'x-amzn-bedrock-service-tier': tier, 'x-amzn-bedrock-input-token-count': '1000000' }, body: { model: 'openai.gpt-oss-120b-1:0', choices: [], usage: million },
      buckets: INPUT_MILLION, cost: tier === 'default' ? 0.15 : undefined })),
  { provider: 'bedrock', name: 'invoke: a tier in a header holds over that of the model\'s body', path: '/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke',
    model: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', headers: { 'x-amzn-bedrock-service-tier': 'priority' },
    body: message('claude-sonnet-4-5-20250929', { input_tokens: 1_000_000, output_tokens: 0, service_tier: 'standard' }), buckets: INPUT_MILLION, cost: undefined },
  { provider: 'bedrock', name: 'converse: inference with optimised latency', path: '/model/amazon.nova-lite-v1%3A0/converse', model: 'amazon.nova-lite-v1:0',
    body: { usage: { inputTokens: 1_000_000, outputTokens: 0, totalTokens: 1_000_000 }, performanceConfig: { latency: 'optimized' } }, buckets: INPUT_MILLION, cost: undefined },
  { provider: 'mistral', name: 'seconds of audio are billed beside the tokens', path: chat, model: 'voxtral-small-latest',
    body: { model: 'voxtral-small-latest', choices: [], usage: { ...million, prompt_audio_seconds: 90 } }, buckets: INPUT_MILLION, cost: undefined },
  { provider: 'openai', name: 'audio of a preview model', path: chat,
    body: { model: 'gpt-4o-audio-preview-2025-06-03', choices: [], usage: { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000,
      prompt_tokens_details: { audio_tokens: 900, text_tokens: 100, cached_tokens: 0 }, completion_tokens_details: { audio_tokens: 900, text_tokens: 100, reasoning_tokens: 0 } } },
    buckets: { input: 1000, fresh: 100, inputAudio: 900, output: 100, outputAudio: 900 }, cost: (100 * 2.5 + 900 * 40 + 100 * 10 + 900 * 80) / M, source: 'corrections' },
  { provider: 'azure-openai', name: 'audio of a preview model', path: chat,
    body: { model: 'gpt-4o-mini-audio-preview', choices: [], usage: { prompt_tokens: 1000, completion_tokens: 0, total_tokens: 1000, prompt_tokens_details: { audio_tokens: 900 } } },
    buckets: { input: 1000, fresh: 100, inputAudio: 900 }, cost: (100 * 0.15 + 900 * 10) / M, source: 'corrections' },
  { provider: 'openai', name: 'audio of a model that has no rate for it', path: chat,
    body: { model: 'gpt-4o', choices: [], usage: { prompt_tokens: 1000, completion_tokens: 0, total_tokens: 1000, prompt_tokens_details: { audio_tokens: 900 } } },
    buckets: { input: 1000, fresh: 100, inputAudio: 900 }, cost: undefined },
];

const CASES: readonly Case[] = [
  ...BILLING,
  // The case of litellm#9812, which that gateway got wrong and Anthropic's console shows as 0.0544 dollars.
  { provider: 'anthropic', name: 'cache writes are not part of input_tokens (litellm#9812: 0.0544 dollars)', path: '/v1/messages',
    body: { type: 'message', model: 'claude-3-7-sonnet-20250219', usage: { input_tokens: 3, cache_creation_input_tokens: 12_304, cache_read_input_tokens: 0, output_tokens: 550 } },
    buckets: { input: 12_307, fresh: 3, cacheWrite: 12_304, output: 550 },
    cost: (3 * 3 + 12_304 * 3.75 + 550 * 15) / M }, // 9 + 46,140 + 8,250 = 54,399 millionths
  { provider: 'anthropic', name: 'cache of both lifetimes, thinking and a search', path: '/v1/messages',
    body: { type: 'message', model: 'claude-sonnet-4-5-20250929', usage: {
      input_tokens: 12, cache_read_input_tokens: 5000, cache_creation_input_tokens: 2000,
      cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 1500 },
      output_tokens: 89, output_tokens_details: { thinking_tokens: 60 }, server_tool_use: { web_search_requests: 2 } } },
    buckets: { input: 7012, fresh: 12, cacheRead: 5000, cacheWrite: 500, cacheWrite1h: 1500, output: 29, reasoning: 60, webSearches: 2 },
    cost: (12 * 3 + 5000 * 0.3 + 500 * 3.75 + 1500 * 6 + (29 + 60) * 15) / M + 2 * 10 / 1000 },
  { provider: 'anthropic', name: 'a long prompt has the price of its tier, for all tokens', path: '/v1/messages',
    body: { type: 'message', model: 'claude-sonnet-4-5', usage: { input_tokens: 1_000, cache_read_input_tokens: 200_000, output_tokens: 10 } },
    buckets: { input: 201_000, fresh: 1_000, cacheRead: 200_000, output: 10 },
    cost: (1_000 * 6 + 200_000 * 0.6 + 10 * 22.5) / M },
  { provider: 'openai', name: 'cached tokens are part of the prompt, reasoning of the completion', path: chat,
    body: { model: 'gpt-5-2025-08-07', choices: [], usage: { prompt_tokens: 2006, completion_tokens: 300, total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920 }, completion_tokens_details: { reasoning_tokens: 128 } } },
    buckets: { input: 2006, fresh: 86, cacheRead: 1920, output: 172, reasoning: 128 },
    cost: (86 * 1.25 + 1920 * 0.125 + (172 + 128) * 10) / M },
  { provider: 'openai', name: 'responses', path: '/v1/responses',
    body: { model: 'gpt-4o-2024-08-06', status: 'completed', service_tier: 'default', usage: { input_tokens: 36, input_tokens_details: { cached_tokens: 12 }, output_tokens: 87, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 123 } },
    buckets: { input: 36, fresh: 24, cacheRead: 12, output: 87 },
    cost: (24 * 2.5 + 12 * 1.25 + 87 * 10) / M },
  { provider: 'openai', name: 'audio in and out has rates of its own', path: chat,
    body: { model: 'gpt-audio', choices: [], usage: { prompt_tokens: 100, completion_tokens: 90, total_tokens: 190, prompt_tokens_details: { audio_tokens: 80 }, completion_tokens_details: { audio_tokens: 60 } } },
    buckets: { input: 100, fresh: 20, inputAudio: 80, output: 30, outputAudio: 60 },
    cost: (20 * 2.5 + 80 * 32 + 30 * 10 + 60 * 64) / M },
  { provider: 'openai', name: 'embeddings have no output', path: '/v1/embeddings',
    body: { model: 'text-embedding-3-small', data: [], usage: { prompt_tokens: 800, total_tokens: 800 } },
    buckets: { input: 800, fresh: 800 }, cost: 800 * 0.02 / M },
  { provider: 'openai', name: 'images', path: '/v1/images/edits', model: 'gpt-image-1',
    body: { data: [], usage: { input_tokens: 250, output_tokens: 1056, total_tokens: 1306, input_tokens_details: { text_tokens: 56, image_tokens: 194 } } },
    buckets: { input: 250, fresh: 56, inputImage: 194, outputImage: 1056 },
    cost: (56 * 5 + 194 * 10 + 1056 * 40) / M },
  { provider: 'openai', name: 'transcription', path: '/v1/audio/transcriptions', model: 'gpt-4o-transcribe',
    body: { text: 'x', usage: { type: 'tokens', input_tokens: 14, input_token_details: { audio_tokens: 14, text_tokens: 0 }, output_tokens: 45, total_tokens: 59 } },
    buckets: { input: 14, inputAudio: 14, output: 45 }, cost: (14 * 6 + 45 * 10) / M },
  { provider: 'openai', name: 'transcription by the second has no tokens and so no cost', path: '/v1/audio/transcriptions', model: 'whisper-1',
    body: { text: 'x', usage: { type: 'duration', seconds: 9 } }, cost: undefined },
  { provider: 'openai', name: 'a tier whose multiplier nobody said', path: chat,
    body: { model: 'gpt-5', choices: [], service_tier: 'priority', usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } },
    buckets: { input: 10, fresh: 10, output: 10 }, cost: undefined },
  { provider: 'azure-openai', name: 'the deployment has no price, the model that answered has', path: '/openai/deployments/prod/chat/completions', model: 'prod',
    body: { model: 'gpt-4.1-2025-04-14', choices: [], usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } },
    buckets: { input: 9, fresh: 9, output: 3 }, cost: (9 * 2 + 3 * 8) / M },
  { provider: 'gemini', name: 'thoughts are added to the output', path: '/v1beta/models/gemini-2.5-flash:generateContent', model: 'gemini-2.5-flash',
    body: { modelVersion: 'gemini-2.5-flash', candidates: [], usageMetadata: { promptTokenCount: 110, cachedContentTokenCount: 40, candidatesTokenCount: 6, thoughtsTokenCount: 45, totalTokenCount: 161,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 90 }, { modality: 'AUDIO', tokenCount: 20 }] } },
    buckets: { input: 110, fresh: 50, cacheRead: 40, inputAudio: 20, output: 6, reasoning: 45 },
    cost: (50 * 0.3 + 40 * 0.03 + 20 * 1 + (6 + 45) * 2.5) / M },
  { provider: 'gemini', name: 'an image as the answer', path: '/v1beta/models/gemini-2.5-flash-image:generateContent', model: 'gemini-2.5-flash-image',
    body: { modelVersion: 'gemini-2.5-flash-image', usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 1295, totalTokenCount: 1305,
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }, { modality: 'TEXT', tokenCount: 5 }] } },
    buckets: { input: 10, fresh: 10, output: 5, outputImage: 1290 },
    cost: (10 * 0.3 + 5 * 2.5 + 1290 * 30) / M },
  { provider: 'vertex', name: 'Gemini', path: '/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent', model: 'gemini-2.5-pro',
    body: { usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 100, totalTokenCount: 1100 } },
    buckets: { input: 1000, fresh: 1000, output: 100 }, cost: (1000 * 1.25 + 100 * 10) / M },
  { provider: 'vertex', name: 'Anthropic', path: '/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict', model: 'claude-sonnet-4-5@20250929',
    body: { type: 'message', model: 'claude-sonnet-4-5-20250929', usage: { input_tokens: 3, cache_read_input_tokens: 100, output_tokens: 50 } },
    buckets: { input: 103, fresh: 3, cacheRead: 100, output: 50 }, cost: (3 * 3 + 100 * 0.3 + 50 * 15) / M },
  { provider: 'vertex', name: 'the OpenAI-compatible interface names the publisher', path: '/v1/projects/p/locations/l/endpoints/openapi/chat/completions', model: 'google/gemini-2.5-flash',
    body: { model: 'google/gemini-2.5-flash', choices: [], usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } },
    buckets: { input: 10, fresh: 10, output: 10 }, cost: (10 * 0.3 + 10 * 2.5) / M },
  { provider: 'bedrock', name: 'converse leaves the cache out of inputTokens', path: '/model/amazon.nova-lite-v1%3A0/converse', model: 'amazon.nova-lite-v1:0',
    body: { stopReason: 'end_turn', usage: { inputTokens: 40, outputTokens: 12, totalTokens: 252, cacheReadInputTokens: 200, cacheWriteInputTokens: 0 } },
    buckets: { input: 240, fresh: 40, cacheRead: 200, output: 12 }, cost: (40 * 0.06 + 200 * 0.015 + 12 * 0.24) / M },
  { provider: 'bedrock', name: 'invoke: the id that was asked for says which region is billed', path: '/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke', model: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0',
    body: { type: 'message', model: 'claude-sonnet-4-5-20250929', usage: { input_tokens: 10, cache_creation_input_tokens: 30, output_tokens: 15 } },
    buckets: { input: 40, fresh: 10, cacheWrite: 30, output: 15 }, cost: (10 * 3 + 30 * 3.75 + 15 * 15) / M },
  ...([['vertex', '/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict'], ['bedrock', '/model/m/invoke']] as const).map(([provider, path]): Case => (
    { provider, name: 'the table has no price of a cache for an hour, and that for five minutes is another', path, model: provider === 'vertex' ? 'claude-sonnet-4-5' : 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
      body: { type: 'message', model: 'claude-sonnet-4-5-20250929', usage: { input_tokens: 10, cache_creation_input_tokens: 30, cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 }, output_tokens: 15 } },
      buckets: { input: 40, fresh: 10, cacheWrite: 10, cacheWrite1h: 20, output: 15 }, cost: undefined })),
  { provider: 'bedrock', name: 'invoke: counts that stand in headers', path: '/model/meta.llama3-8b-instruct-v1%3A0/invoke', model: 'meta.llama3-8b-instruct-v1:0',
    headers: { 'x-amzn-bedrock-input-token-count': '9', 'x-amzn-bedrock-output-token-count': '2' }, body: { generation: 'x', stop_reason: 'stop' },
    buckets: { input: 9, fresh: 9, output: 2 }, cost: (9 * 0.3 + 2 * 0.6) / M },
  { provider: 'groq', name: 'x_groq', path: '/openai/v1/chat/completions', model: 'openai/gpt-oss-20b',
    body: { model: 'openai/gpt-oss-20b', service_tier: 'on_demand', choices: [], x_groq: { id: 'r', usage: { prompt_tokens: 78, completion_tokens: 31, total_tokens: 109, completion_tokens_details: { reasoning_tokens: 20 } } } },
    buckets: { input: 78, fresh: 78, output: 11, reasoning: 20 }, cost: (78 * 0.075 + (11 + 20) * 0.3) / M },
  { provider: 'mistral', name: 'chat', path: chat, model: 'mistral-small-latest',
    body: { model: 'mistral-small-latest', choices: [], usage: { prompt_tokens: 12, completion_tokens: 28, total_tokens: 40 } },
    buckets: { input: 12, fresh: 12, output: 28 }, cost: (12 * 0.15 + 28 * 0.6) / M, source: 'corrections' },
  { provider: 'together', name: 'chat', path: chat, model: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    body: { model: 'meta-llama/Llama-3.3-70B-Instruct-Turbo', choices: [], usage: { prompt_tokens: 37, completion_tokens: 11, total_tokens: 48 } },
    buckets: { input: 37, fresh: 37, output: 11 }, cost: (37 + 11) * 0.88 / M },
  { provider: 'fireworks', name: 'chat', path: '/inference/v1/chat/completions', model: 'accounts/fireworks/models/gpt-oss-20b',
    body: { model: 'accounts/fireworks/models/gpt-oss-20b', choices: [], usage: { prompt_tokens: 25, completion_tokens: 8, total_tokens: 33, prompt_tokens_details: { cached_tokens: 16 } } },
    buckets: { input: 25, fresh: 9, cacheRead: 16, output: 8 }, cost: (9 * 0.07 + 16 * 0.035 + 8 * 0.3) / M },
  { provider: 'deepseek', name: 'hits and misses of the cache', path: chat, model: 'deepseek-flash',
    body: { model: 'deepseek-flash', choices: [], usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 } },
    buckets: { input: 100, fresh: 36, cacheRead: 64, output: 20 }, cost: (36 * 0.15 + 64 * 0.003 + 20 * 0.6) / M, source: 'corrections' }, // noon UTC: off-peak
  { provider: 'xai', name: 'its own figure wins: 10^10 ticks are a dollar', path: chat, model: 'grok-4-0709',
    body: { model: 'grok-4-0709', choices: [], usage: { prompt_tokens: 32, completion_tokens: 9, total_tokens: 141, completion_tokens_details: { reasoning_tokens: 100 }, cost_in_usd_ticks: 17_145_000 } },
    buckets: { input: 32, fresh: 32, output: 9, reasoning: 100 }, cost: 17_145_000 / 1e10, source: 'provider' },
  { provider: 'xai', name: 'its own figure of a response', path: '/v1/responses', model: 'grok-4-0709',
    body: { model: 'grok-4-0709', status: 'completed', usage: { input_tokens: 32, output_tokens: 109, total_tokens: 141, output_tokens_details: { reasoning_tokens: 100 }, cost_in_usd_ticks: 37_756_000 } },
    buckets: { input: 32, fresh: 32, output: 9, reasoning: 100 }, cost: 37_756_000 / 1e10, source: 'provider' },
  { provider: 'xai', name: 'reasoning stands apart from the completion', path: chat, model: 'grok-4-0709',
    body: { model: 'grok-4-0709', choices: [], usage: { prompt_tokens: 32, completion_tokens: 9, total_tokens: 141, prompt_tokens_details: { cached_tokens: 6 }, completion_tokens_details: { reasoning_tokens: 100 } } },
    buckets: { input: 32, fresh: 26, cacheRead: 6, output: 9, reasoning: 100 }, cost: (26 * 3 + 6 * 0.75 + (9 + 100) * 15) / M },
  { provider: 'cohere', name: 'what is billed', path: '/v2/chat', model: 'command-a-03-2025',
    body: { finish_reason: 'COMPLETE', usage: { billed_units: { input_tokens: 5, output_tokens: 24 }, tokens: { input_tokens: 71, output_tokens: 26 } } },
    buckets: { input: 5, fresh: 5, output: 24 }, cost: (5 * 2.5 + 24 * 10) / M },
  { provider: 'cohere', name: 'embed', path: '/v2/embed', model: 'embed-v4.0',
    body: { embeddings: {}, meta: { billed_units: { input_tokens: 300 } } }, buckets: { input: 300, fresh: 300 }, cost: 300 * 0.12 / M },
  { provider: 'openrouter', name: 'its own figure wins', path: '/api/v1/chat/completions', model: 'anthropic/claude-sonnet-4.5',
    body: { model: 'anthropic/claude-sonnet-4.5', choices: [], usage: { prompt_tokens: 194, completion_tokens: 2, total_tokens: 196, cost: 0.00095 } },
    buckets: { input: 194, fresh: 194, output: 2 }, cost: 0.00095, source: 'provider' },
  { provider: 'openrouter', name: 'with the caller\'s own key the upstream\'s price comes on top', path: '/api/v1/chat/completions', model: 'anthropic/claude-sonnet-4.5',
    body: { model: 'anthropic/claude-sonnet-4.5', choices: [], usage: { prompt_tokens: 194, completion_tokens: 2, total_tokens: 196, cost: 0.00005, is_byok: true, cost_details: { upstream_inference_cost: 0.0009 } } },
    buckets: { input: 194, fresh: 194, output: 2 }, cost: 0.00005 + 0.0009, source: 'provider' },
  { provider: 'openrouter', name: 'its own figure of a response', path: '/api/v1/responses', model: 'anthropic/claude-sonnet-4.5',
    body: { model: 'anthropic/claude-sonnet-4.5', status: 'completed', usage: { input_tokens: 194, output_tokens: 2, total_tokens: 196, cost: 0.00095, is_byok: false } },
    buckets: { input: 194, fresh: 194, output: 2 }, cost: 0.00095, source: 'provider' },
  { provider: 'openrouter', name: 'its own figure of embeddings', path: '/api/v1/embeddings', model: 'openai/text-embedding-3-small',
    body: { model: 'openai/text-embedding-3-small', data: [], usage: { prompt_tokens: 8, total_tokens: 8, cost: 0.00000016 } },
    buckets: { input: 8, fresh: 8 }, cost: 0.00000016, source: 'provider' },
  { provider: 'openrouter', name: 'its own figure of a message', path: '/api/v1/messages', model: 'anthropic/claude-sonnet-4.5',
    body: { type: 'message', model: 'anthropic/claude-4.5-sonnet-20250929', content: [], stop_reason: 'end_turn',
      usage: { input_tokens: 100, output_tokens: 50, cost: 0.00123, is_byok: false, cost_details: { upstream_inference_cost: 0.00123 } } },
    buckets: { input: 100, fresh: 100, output: 50 }, cost: 0.00123, source: 'provider' },
  { provider: 'openrouter', name: 'a free model costs what the provider says: nothing', path: '/api/v1/chat/completions', model: 'x/y:free',
    body: { model: 'x/y:free', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, cost: 0 } },
    buckets: { input: 1, fresh: 1, output: 2 }, cost: 0, source: 'provider' },
  { provider: 'perplexity', name: 'a price per call on top of the tokens', path: '/chat/completions', model: 'sonar-pro',
    body: { model: 'sonar-pro', choices: [], usage: { prompt_tokens: 14, completion_tokens: 100, total_tokens: 114 } },
    buckets: { input: 14, fresh: 14, output: 100 }, cost: (14 * 3 + 100 * 15) / M + 14 / 1000 },
  { provider: 'perplexity', name: 'its own figure, at the Agent API', path: '/v1/agent', model: 'openai/gpt-5.2',
    body: AGENT, buckets: { input: 5000, fresh: 5000, output: 500 }, cost: 0.02075, source: 'provider' },
  { provider: 'perplexity', name: 'its own figure, at the alias of the Agent API', path: '/v1/responses', model: 'openai/gpt-5.2',
    body: AGENT, buckets: { input: 5000, fresh: 5000, output: 500 }, cost: 0.02075, source: 'provider' },
  { provider: 'perplexity', name: 'its own figure of embeddings', path: '/v1/embeddings', model: 'pplx-embed-v1-4b',
    body: { model: 'pplx-embed-v1-4b', data: [], usage: { prompt_tokens: 8, total_tokens: 8, cost: { total_cost: 0.00000024, currency: 'USD' } } },
    buckets: { input: 8, fresh: 8 }, cost: 0.00000024, source: 'provider' },
  { provider: 'cerebras', name: 'chat', path: chat, model: 'gpt-oss-120b',
    body: { model: 'gpt-oss-120b', choices: [], usage: { prompt_tokens: 70, completion_tokens: 20, total_tokens: 90 } },
    buckets: { input: 70, fresh: 70, output: 20 }, cost: (70 * 0.35 + 20 * 0.75) / M },
  { provider: 'ollama', name: 'one\'s own machine has no price', path: '/api/chat', model: 'llama3.2',
    body: { model: 'llama3.2', done: true, prompt_eval_count: 26, eval_count: 259 },
    buckets: { input: 26, fresh: 26, output: 259 }, cost: undefined },
  { provider: 'vllm', name: 'one\'s own machine has no price', path: chat, model: 'Qwen/Qwen3-8B',
    body: { model: 'Qwen/Qwen3-8B', choices: [], usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 } },
    buckets: { input: 10, fresh: 10, output: 2 }, cost: undefined },
];

describe('usage → buckets → cost', () => {
  let pricer: Pricer;
  before(async () => {
    const ids = new Map(PROVIDERS.map(({ name, pricingId }) => [name, pricingId ?? name]));
    pricer = await loadPricer({ providerIds: (provider) => ids.get(provider) });
  });

  for (const { provider, name, path, model, body, headers = {}, buckets, cost, source = 'genai-prices', region } of CASES) {
    it(`${provider}: ${name}`, async () => {
      const { responseModel, usage } = await observe(dialectAt(provider, path), [Buffer.from(JSON.stringify(body))], {
        contentType: 'application/json', header: (wanted) => headers[wanted],
      });
      const split = usage && splitBuckets(usage);
      expect(split).to.deep.equal(buckets && { ...NONE, ...buckets });

      const price = pricer.price({ provider, model, responseModel, usage, region, at: AT });
      if (cost === undefined) return expect(price).to.equal(undefined);
      expect(price?.cost).to.be.closeTo(cost, 1e-12);
      expect(price?.source).to.equal(source);
    });
  }

  it('holds a case of every provider', () => {
    expect([...new Set(CASES.map(({ provider }) => provider))]).to.have.members(PROVIDERS.map(({ name }) => name));
  });

  it('the case of litellm#9812 rounds to the 0.0544 dollars of the provider\'s console', () => {
    const usage = { inputTokens: 12_307, cacheWriteTokens: 12_304, cachedTokens: 0, outputTokens: 550 };
    const price = pricer.price({ provider: 'anthropic', model: 'claude-3-7-sonnet-20250219', usage, at: AT });
    expect(price?.cost.toFixed(4)).to.equal('0.0544');
  });
});
