import { readFileSync } from 'node:fs';
import type { Dialect, Observation } from '../../../src/domain/dialect.js';
import { createTap, type TapOptions } from '../../../src/wire/tap.js';
import { providerByName } from '../../../src/providers/registry.js';

/** A recorded-shape stream, the path it answers, and what must be known of it when it has ended. */
export interface StreamFixture {
  readonly file: string;
  readonly path: string;
  readonly contentType: string;
  readonly expected: Observation;
}

const SSE = 'text/event-stream; charset=utf-8';
const AWS = 'application/vnd.amazon.eventstream';
const chat = '/v1/chat/completions';
const good = { failed: false, hasToken: true, complete: true } as const;
const bad = { failed: true, hasToken: true, complete: true } as const;

function fixture(file: string, path: string, expected: Observation, contentType = SSE): StreamFixture {
  return { file, path, contentType, expected };
}

export const STREAM_FIXTURES: readonly StreamFixture[] = [
  fixture('openai/chat-stream.sse', chat, {
    ...good, responseModel: 'gpt-4o-mini-2024-07-18', finishReason: 'stop',
    usage: {
      inputTokens: 19, outputTokens: 10, totalTokens: 29, cachedTokens: 4, reasoningTokens: 0,
      inputAudioTokens: 0, outputAudioTokens: 0, serviceTier: 'default',
    },
  }),
  fixture('openai/chat-tools-stream.sse', chat, {
    ...good, responseModel: 'gpt-4o-mini-2024-07-18', finishReason: 'tool_calls',
    usage: {
      inputTokens: 60, outputTokens: 15, totalTokens: 75, cachedTokens: 0, reasoningTokens: 0,
      inputAudioTokens: 0, outputAudioTokens: 0,
    },
  }),
  fixture('openai/chat-error-stream.sse', chat, {
    ...bad, responseModel: 'gpt-4o-mini-2024-07-18', providerErrorType: 'server_error',
  }),
  fixture('openai/completion-stream.sse', '/v1/completions', {
    ...good, responseModel: 'gpt-3.5-turbo-instruct', finishReason: 'length',
    usage: { inputTokens: 5, outputTokens: 16, totalTokens: 21 },
  }),
  fixture('openai/responses-stream.sse', '/v1/responses', {
    ...good, responseModel: 'gpt-5-2025-08-07', finishReason: 'completed',
    usage: {
      inputTokens: 36, outputTokens: 87, totalTokens: 123, cachedTokens: 12, cacheWriteTokens: 8,
      reasoningTokens: 64, serviceTier: 'default',
    },
  }),
  fixture('openai/responses-incomplete-stream.sse', '/v1/responses', {
    ...good, responseModel: 'gpt-5-2025-08-07', finishReason: 'max_output_tokens',
    usage: {
      inputTokens: 36, outputTokens: 87, totalTokens: 123, cachedTokens: 12, cacheWriteTokens: 8,
      reasoningTokens: 64, serviceTier: 'default',
    },
  }),
  fixture('openai/responses-failed-stream.sse', '/v1/responses', {
    ...bad, hasToken: false, responseModel: 'gpt-5-2025-08-07', finishReason: 'failed', providerErrorType: 'server_error',
  }),
  fixture('openai/transcription-stream.sse', '/v1/audio/transcriptions', {
    ...good, usage: { inputTokens: 14, outputTokens: 5, totalTokens: 19, inputAudioTokens: 14 },
  }),
  fixture('openai/image-stream.sse', '/v1/images/generations', {
    ...good, complete: false, usage: { inputTokens: 50, outputTokens: 4160, totalTokens: 4210, inputImageTokens: 0, outputImageTokens: 4160 },
  }),
  fixture('azure-openai/chat-stream.sse', '/openai/deployments/prod/chat/completions', {
    ...good, responseModel: 'gpt-4.1-2025-04-14', finishReason: 'stop',
    usage: {
      inputTokens: 9, outputTokens: 3, totalTokens: 12, cachedTokens: 0, reasoningTokens: 0,
      inputAudioTokens: 0, outputAudioTokens: 0,
    },
  }),
  fixture('groq/chat-stream.sse', '/openai/v1/chat/completions', {
    ...good, responseModel: 'openai/gpt-oss-20b', finishReason: 'stop',
    usage: { inputTokens: 78, outputTokens: 31, totalTokens: 109, reasoningTokens: 20 },
  }),
  fixture('groq/chat-stopped-stream.sse', '/openai/v1/chat/completions', {
    ...bad, responseModel: 'llama-3.3-70b-versatile', providerErrorType: 'over_capacity',
  }),
  fixture('mistral/chat-stream.sse', chat, {
    ...good, responseModel: 'magistral-medium-latest', finishReason: 'stop',
    usage: { inputTokens: 12, outputTokens: 28, totalTokens: 40, cachedTokens: 2, inputAudioTokens: 0 },
  }),
  fixture('together/chat-stream.sse', chat, {
    ...good, responseModel: 'meta-llama/Llama-3.3-70B-Instruct-Turbo', finishReason: 'eos',
    usage: { inputTokens: 37, outputTokens: 11, totalTokens: 48 },
  }),
  fixture('fireworks/chat-stream.sse', '/inference/v1/chat/completions', {
    ...good, responseModel: 'accounts/fireworks/models/gpt-oss-20b', finishReason: 'stop',
    usage: { inputTokens: 25, outputTokens: 8, totalTokens: 33, cachedTokens: 16 },
  }),
  fixture('deepseek/chat-stream.sse', chat, {
    ...good, responseModel: 'deepseek-reasoner', finishReason: 'stop',
    usage: { inputTokens: 100, outputTokens: 50, totalTokens: 150, cachedTokens: 64, reasoningTokens: 30 },
  }),
  fixture('xai/chat-stream.sse', chat, {
    ...good, responseModel: 'grok-4-0709', finishReason: 'stop',
    // 9 completion + 100 reasoning; 17,145,000 ticks of 10^-10 dollars.
    usage: {
      inputTokens: 32, outputTokens: 109, totalTokens: 141, cachedTokens: 6, reasoningTokens: 100,
      inputAudioTokens: 0, outputAudioTokens: 0, providerCost: 0.0017145,
    },
  }),
  fixture('openrouter/chat-stream.sse', '/api/v1/chat/completions', {
    ...good, responseModel: 'anthropic/claude-sonnet-4.5', finishReason: 'stop',
    usage: {
      inputTokens: 194, outputTokens: 2, totalTokens: 196, cachedTokens: 0, reasoningTokens: 0,
      inputAudioTokens: 0, outputAudioTokens: 0, providerCost: 0.00095,
    },
  }),
  fixture('openrouter/chat-error-stream.sse', '/api/v1/chat/completions', {
    ...bad, responseModel: 'openai/gpt-5', finishReason: 'error', providerErrorType: '502',
  }),
  fixture('perplexity/chat-stream.sse', '/chat/completions', {
    ...good, responseModel: 'sonar-deep-research', finishReason: 'stop',
    // 7,163 completion + 203,143 reasoning.
    usage: {
      inputTokens: 33, outputTokens: 210_306, totalTokens: 210_339, reasoningTokens: 203_143, providerCost: 0.7987,
    },
  }),
  fixture('cerebras/chat-stream.sse', chat, {
    ...good, responseModel: 'gpt-oss-120b', finishReason: 'stop',
    usage: {
      inputTokens: 70, outputTokens: 20, totalTokens: 90, cachedTokens: 0, reasoningTokens: 0,
      inputAudioTokens: 0, outputAudioTokens: 0,
    },
  }),
  fixture('vllm/chat-stream.sse', chat, {
    ...good, responseModel: 'Qwen/Qwen3-8B', finishReason: 'stop',
    usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12 },
  }),
  fixture('anthropic/messages-stream.sse', '/v1/messages', {
    ...good, responseModel: 'claude-sonnet-4-5-20250929', finishReason: 'end_turn',
    // 12 fresh + 5,000 read + 2,000 written.
    usage: {
      inputTokens: 7012, outputTokens: 89, totalTokens: 7101, cachedTokens: 5000, cacheWriteTokens: 2000,
      cacheWrite1hTokens: 1500, reasoningTokens: 60, serviceTier: 'standard',
    },
  }),
  fixture('anthropic/messages-tools-stream.sse', '/v1/messages', {
    ...good, responseModel: 'claude-sonnet-4-5-20250929', finishReason: 'tool_use',
    usage: { inputTokens: 500, outputTokens: 89, totalTokens: 589, cachedTokens: 20, cacheWriteTokens: 0 },
  }),
  fixture('anthropic/messages-error-stream.sse', '/v1/messages', {
    ...bad, hasToken: false, responseModel: 'claude-sonnet-4-5-20250929', providerErrorType: 'overloaded_error',
    usage: { inputTokens: 25, outputTokens: 1, totalTokens: 26 },
  }),
  ...(['gemini/stream.sse', 'gemini/stream-array.json'] as const).map((file) => fixture(
    file, '/v1beta/models/gemini-2.5-flash:streamGenerateContent', {
      ...good, complete: false, responseModel: 'gemini-2.5-flash', finishReason: 'STOP',
      // 11 prompt + 5 from tools; 6 candidates + 45 thoughts.
      usage: { inputTokens: 16, outputTokens: 51, totalTokens: 67, cachedTokens: 4, reasoningTokens: 45, inputAudioTokens: 2 },
    }, file.endsWith('.sse') ? SSE : 'application/json; charset=UTF-8',
  )),
  fixture('gemini/stream-error-array.json', '/v1beta/models/gemini-2.5-flash:streamGenerateContent', {
    failed: true, hasToken: false, complete: false, providerErrorType: 'RESOURCE_EXHAUSTED',
  }, 'application/json'),
  fixture('gemini/stream-error.sse', '/v1beta/models/gemini-2.5-flash:streamGenerateContent', {
    ...bad, complete: false, responseModel: 'gemini-2.5-flash', providerErrorType: 'UNAVAILABLE',
    usage: { inputTokens: 11 },
  }),
  fixture('gemini/interaction-stream.sse', '/v1beta/interactions', {
    ...good, responseModel: 'gemini-2.5-flash', finishReason: 'completed',
    // 11 prompt + 5 from tools; 6 output + 45 thoughts.
    usage: { inputTokens: 16, outputTokens: 51, totalTokens: 67, cachedTokens: 4, reasoningTokens: 45, inputAudioTokens: 2, serviceTier: 'standard' },
  }),
  fixture('gemini/interaction-error-stream.sse', '/v1beta/interactions', {
    ...bad, hasToken: false, responseModel: 'gemini-2.5-flash', providerErrorType: 'RESOURCE_EXHAUSTED',
  }),
  fixture('cohere/chat-stream.sse', '/v2/chat', {
    ...good, finishReason: 'COMPLETE', usage: { inputTokens: 5, outputTokens: 24, totalTokens: 29, cachedTokens: 0 },
  }),
  fixture('cohere/chat-v1-stream.ndjson', '/v1/chat', {
    ...good, finishReason: 'COMPLETE', usage: { inputTokens: 5, outputTokens: 2, totalTokens: 7 },
  }, 'application/stream+json'),
  fixture('cohere/chat-error-stream.sse', '/v2/chat', {
    ...bad, hasToken: false, finishReason: 'ERROR', providerErrorType: 'ERROR',
    usage: { inputTokens: 5, outputTokens: 1, totalTokens: 6 },
  }),
  fixture('bedrock/converse-stream.bin', '/model/amazon.nova-lite-v1%3A0/converse-stream', {
    ...good, finishReason: 'end_turn',
    // 40 fresh + 200 read + 100 written.
    usage: {
      inputTokens: 340, outputTokens: 12, totalTokens: 352, cachedTokens: 200, cacheWriteTokens: 100,
      cacheWrite1hTokens: 60, serviceTier: 'priority',
    },
  }, AWS),
  fixture('bedrock/converse-exception-stream.bin', '/model/m/converse-stream', {
    ...bad, hasToken: false, providerErrorType: 'ThrottlingException',
  }, AWS),
  fixture('bedrock/converse-exception-stream.bin', '/model/m/invoke-with-response-stream', {
    ...bad, hasToken: false, providerErrorType: 'ThrottlingException',
  }, AWS),
  fixture('bedrock/invoke-anthropic-stream.bin', '/model/m/invoke-with-response-stream', {
    ...good, responseModel: 'claude-sonnet-4-5-20250929', finishReason: 'end_turn',
    usage: {
      inputTokens: 60, outputTokens: 15, totalTokens: 75, cachedTokens: 20, cacheWriteTokens: 30, cacheWrite1hTokens: 20,
    },
  }, AWS),
  fixture('bedrock/invoke-nova-stream.bin', '/model/m/invoke-with-response-stream', {
    ...good, finishReason: 'max_tokens', usage: { inputTokens: 8, outputTokens: 4, totalTokens: 12 },
  }, AWS),
  fixture('bedrock/invoke-llama-stream.bin', '/model/m/invoke-with-response-stream', {
    ...good, finishReason: 'stop', usage: { inputTokens: 9, outputTokens: 2, totalTokens: 11 },
  }, AWS),
  fixture('bedrock/invoke-openai-stream.bin', '/model/m/invoke-with-response-stream', {
    ...good, responseModel: 'openai.gpt-oss-20b-1:0', finishReason: 'stop',
    usage: { inputTokens: 70, outputTokens: 30, totalTokens: 100 },
  }, AWS),
  fixture('ollama/chat-stream.ndjson', '/api/chat', {
    ...good, responseModel: 'llama3.2', finishReason: 'stop',
    usage: { inputTokens: 26, outputTokens: 259, totalTokens: 285 },
  }, 'application/x-ndjson'),
  fixture('ollama/chat-error-stream.ndjson', '/api/chat', { ...bad, responseModel: 'llama3.2' }, 'application/x-ndjson'),
];

/** The dialect that the provider of a fixture speaks at a native path. */
export function dialectAt(providerName: string, path: string): Dialect {
  const provider = providerByName(providerName);
  if (provider === undefined) throw new Error(`no provider ${providerName}`);
  return provider.dialects.find((rule) => rule.path.test(path))?.dialect ?? provider.defaultDialect;
}

export function providerOf({ file }: StreamFixture): string {
  return file.slice(0, file.indexOf('/'));
}

export function fixtureBytes(file: string): Buffer {
  return readFileSync(new URL(`../../fixtures/${file}`, import.meta.url));
}

/** What a tap has learnt when a body in these pieces has ended. */
export async function observe(
  dialect: Dialect, pieces: readonly Buffer[], options: Partial<TapOptions> = {},
): Promise<Observation> {
  const tap = createTap({ dialect, contentType: SSE, status: 200, header: () => undefined, ...options });
  for (const piece of pieces) tap.push(piece);
  await new Promise<void>((resolve) => { tap.finish(resolve); });
  return tap.observation;
}

export async function observeFixture(fixture: StreamFixture, pieces: readonly Buffer[]): Promise<Observation> {
  return observe(dialectAt(providerOf(fixture), fixture.path), pieces, { contentType: fixture.contentType });
}

/** The bytes in pieces, cut before each of the given offsets. */
export function cut(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const points = [...new Set([0, ...offsets, bytes.length])].filter((at) => at >= 0 && at <= bytes.length).sort((a, b) => a - b);
  return points.slice(1).map((end, index) => bytes.subarray(points[index], end));
}
