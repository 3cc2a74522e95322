import { expect } from 'chai';
import OpenAI from 'openai';
import { collect, expectRecord, M, startRecordings, startSdkBench, type RecordedCall, type Recordings, type SdkBench } from './sdk-bench.js';

/** A provider that OpenAI's SDK is used with: what it says it used, and what the record must say. */
interface Case {
  readonly provider: string;
  readonly model: string;
  /** Path at the provider. */
  readonly path: string;
  readonly fixture?: string;
  readonly usage: unknown;
  readonly expected: RecordedCall;
  readonly cost: number | undefined;
  /** The gateway asks for the usage of streams, because the provider documents that it can be asked for. */
  readonly asks?: boolean;
}

const PLAIN = { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 };
const PLAIN_RECORD = { input_tokens: 12, output_tokens: 8, total_tokens: 20 };

const CASES: readonly Case[] = [
  { provider: 'groq', model: 'openai/gpt-oss-20b', path: '/openai/v1/chat/completions', fixture: 'groq/chat-stream.sse', asks: true,
    usage: { prompt_tokens: 78, completion_tokens: 31, total_tokens: 109, queue_time: 0.04, completion_tokens_details: { reasoning_tokens: 20 } },
    expected: { input_tokens: 78, output_tokens: 31, reasoning_tokens: 20 }, cost: (78 * 0.075 + 31 * 0.3) / M },
  { provider: 'mistral', model: 'magistral-medium-latest', path: '/v1/chat/completions', fixture: 'mistral/chat-stream.sse',
    usage: { prompt_tokens: 12, completion_tokens: 28, total_tokens: 40, prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 } },
    expected: { input_tokens: 12, output_tokens: 28, cached_tokens: 2 }, cost: (10 * 1.5 + 2 * 0.15 + 28 * 7.5) / M },
  { provider: 'together', model: 'meta-llama/Llama-3.3-70B-Instruct-Turbo', path: '/v1/chat/completions', fixture: 'together/chat-stream.sse', asks: true,
    usage: { prompt_tokens: 37, completion_tokens: 11, total_tokens: 48 }, expected: { input_tokens: 37, output_tokens: 11 }, cost: (37 + 11) * 0.88 / M },
  { provider: 'fireworks', model: 'accounts/fireworks/models/gpt-oss-20b', path: '/inference/v1/chat/completions', fixture: 'fireworks/chat-stream.sse', asks: true,
    usage: { prompt_tokens: 25, completion_tokens: 8, total_tokens: 33, prompt_tokens_details: { cached_tokens: 16 } },
    expected: { input_tokens: 25, output_tokens: 8, cached_tokens: 16 }, cost: (9 * 0.07 + 16 * 0.035 + 8 * 0.3) / M },
  { provider: 'deepseek', model: 'deepseek-reasoner', path: '/v1/chat/completions', fixture: 'deepseek/chat-stream.sse', asks: true,
    usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150, completion_tokens_details: { reasoning_tokens: 30 }, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
    expected: { input_tokens: 100, output_tokens: 50, cached_tokens: 64, reasoning_tokens: 30 },
    // DeepSeek retired the name on 24 July 2026: it has no price any more.
    cost: undefined },
  { provider: 'xai', model: 'grok-4-0709', path: '/v1/chat/completions', fixture: 'xai/chat-stream.sse', asks: true,
    usage: { prompt_tokens: 32, completion_tokens: 9, total_tokens: 141, prompt_tokens_details: { cached_tokens: 6 }, completion_tokens_details: { reasoning_tokens: 100 }, cost_in_usd_ticks: 17_145_000 },
    expected: { input_tokens: 32, output_tokens: 109, total_tokens: 141, reasoning_tokens: 100, cached_tokens: 6, price_source: 'provider' }, cost: 0.0017145 },
  { provider: 'openrouter', model: 'anthropic/claude-sonnet-4.5', path: '/api/v1/chat/completions', fixture: 'openrouter/chat-stream.sse',
    usage: { prompt_tokens: 194, completion_tokens: 2, total_tokens: 196, cost: 0.00095, is_byok: false },
    expected: { input_tokens: 194, output_tokens: 2, price_source: 'provider' }, cost: 0.00095 },
  { provider: 'perplexity', model: 'sonar-deep-research', path: '/chat/completions', fixture: 'perplexity/chat-stream.sse',
    usage: { prompt_tokens: 33, completion_tokens: 7163, total_tokens: 7196, reasoning_tokens: 203_143, cost: { total_cost: 0.7987 } },
    expected: { input_tokens: 33, output_tokens: 210_306, reasoning_tokens: 203_143, price_source: 'provider' }, cost: 0.7987 },
  { provider: 'cerebras', model: 'gpt-oss-120b', path: '/v1/chat/completions', fixture: 'cerebras/chat-stream.sse', asks: true,
    usage: { prompt_tokens: 70, completion_tokens: 20, total_tokens: 90 }, expected: { input_tokens: 70, output_tokens: 20 }, cost: (70 * 0.35 + 20 * 0.75) / M },
  { provider: 'vllm', model: 'Qwen/Qwen3-8B', path: '/v1/chat/completions', fixture: 'vllm/chat-stream.sse', asks: true,
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 }, expected: { input_tokens: 10, output_tokens: 2 }, cost: undefined },
  { provider: 'ollama', model: 'llama3.2', path: '/v1/chat/completions', usage: PLAIN, expected: PLAIN_RECORD, cost: undefined, asks: true },
  { provider: 'azure-openai', model: 'gpt-4.1', path: '/openai/v1/chat/completions', usage: PLAIN, expected: PLAIN_RECORD, cost: (12 * 2 + 8 * 8) / M, asks: true },
  { provider: 'gemini', model: 'gemini-2.5-flash', path: '/v1beta/openai/chat/completions', usage: PLAIN, expected: PLAIN_RECORD, cost: (12 * 0.3 + 8 * 2.5) / M },
  { provider: 'bedrock', model: 'openai.gpt-oss-20b-1:0', path: '/openai/v1/chat/completions', usage: PLAIN, expected: PLAIN_RECORD, cost: (12 * 0.07 + 8 * 0.3) / M, asks: true },
  { provider: 'cohere', model: 'command-a-03-2025', path: '/compatibility/v1/chat/completions', usage: PLAIN, expected: PLAIN_RECORD, cost: (12 * 2.5 + 8 * 10) / M, asks: true },
  { provider: 'anthropic', model: 'claude-sonnet-4-5', path: '/v1/chat/completions', usage: PLAIN, expected: PLAIN_RECORD, cost: (12 * 3 + 8 * 15) / M, asks: true },
  { provider: 'lab', model: 'tiny', path: '/v1/chat/completions', usage: PLAIN, expected: PLAIN_RECORD, cost: undefined, asks: true },
];

const messages = [{ role: 'user' as const, content: 'Say hello' }];

describe('the OpenAI SDK with other providers', () => {
  let provider: Recordings;
  let bench: SdkBench;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url, { CUSTOM_PROVIDERS: JSON.stringify([{ name: 'lab', baseUrl: provider.url, dialect: 'openai-chat' }]) });
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });

  for (const { provider: name, model, path, fixture, usage, expected, cost, asks = false } of CASES) {
    const clientOf = (): OpenAI => new OpenAI({ apiKey: 'client-key', baseURL: `${bench.url}/${name}/v1`, maxRetries: 0 });
    const arrived = (): { url: string | undefined; authorization: string | undefined; body: Record<string, unknown> } => {
      const { request, body } = provider.requests.at(-1) as Recordings['requests'][number];
      return { url: request.url, authorization: request.headers.authorization, body: JSON.parse(body.toString()) as Record<string, unknown> };
    };

    it(`${name}: JSON`, async () => {
      provider.answer = () => ({ json: {
        id: 'c', object: 'chat.completion', created: 1, model, choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }], usage,
      } });
      const { choices } = await clientOf().chat.completions.create({ model, messages });
      expect(choices[0]?.message.content).to.equal('Hi');
      expect(arrived()).to.deep.include({ url: path, authorization: 'Bearer client-key' });
      const record = await bench.record();
      expectRecord(record, { provider: name, model, response_model: model, stream: false, finish_reason: 'stop', ...expected, cost });
    });

    it(`${name}: stream`, async () => {
      provider.answer = () => (fixture === undefined ? { sse: streamOf(model, usage) } : { fixture, contentType: 'text/event-stream' });
      const chunks = await collect(await clientOf().chat.completions.create({ model, messages, stream: true }));
      expect(chunks.some(({ choices }) => (choices[0]?.delta.content ?? '') !== '')).to.equal(true);
      expect(arrived()).to.deep.include({ url: path });
      expect(arrived().body.stream_options).to.deep.equal(asks ? { include_usage: true } : undefined);
      const record = await bench.record();
      expectRecord(record, { provider: name, model, stream: true, ...expected, cost });
      expect(record.time_to_first_token_ms).to.be.a('number');
    });
  }
});

/** A stream whose last chunk has the usage, as providers send it unasked. */
function streamOf(model: string, usage: unknown): string {
  const chunk = (delta: unknown, finish: string | null, more: object = {}): string => `data: ${JSON.stringify({
    id: 'c', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }], ...more,
  })}\n\n`;
  return `${chunk({ role: 'assistant', content: '' }, null)}${chunk({ content: 'Hi' }, null)}${chunk({}, 'stop', { usage })}data: [DONE]\n\n`;
}
