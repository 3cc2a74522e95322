import Anthropic from '@anthropic-ai/sdk';
import { expect } from 'chai';
import OpenAI from 'openai';
import type { Expectation, TelemetryRecord } from './expectation.js';
import { meteredFetch, type Call } from './metered-fetch.js';
import { ANSWER, CLIENT, CLOSED_PROVIDER, GATEWAY_KEY, INPUT_TOKENS, OUTPUT_TOKENS, PROMPT } from './stand-in.js';

const OPENAI = 'gpt-4o-mini';
const EMBEDDING = 'text-embedding-3-small';
const ANTHROPIC = 'claude-haiku-4-5';
const GROQ = 'llama-3.3-70b-versatile';

/** PRICES_FILE of the gateway under test, US dollars per million tokens: no figure that the library could give by chance. */
export const PRICES = [
  { provider: 'openai', model: OPENAI, input: 7, output: 31 },
  { provider: 'anthropic', model: ANTHROPIC, input: 3, output: 17 },
];
const COST = { openai: (INPUT_TOKENS * 7 + OUTPUT_TOKENS * 31) / 1e6, anthropic: (INPUT_TOKENS * 3 + OUTPUT_TOKENS * 17) / 1e6 };

const USAGE = { input_tokens: INPUT_TOKENS, output_tokens: OUTPUT_TOKENS, total_tokens: INPUT_TOKENS + OUTPUT_TOKENS };
const SUCCESS = { provider_status_code: 200, end_reason: 'complete', attempts: 1, error_count: 0, provider_error_count: 0, client: CLIENT };
const PRICED = ['price_version'];
const JSON_TIMES = ['provider_latency_ms'];
const STREAM_TIMES = ['provider_latency_ms', 'time_to_first_token_ms'];

const messages = [{ role: 'user' as const, content: PROMPT }];

/** Calls of every kind through the official SDKs, each checked as its client sees it; with what their records must be. */
export async function makeCalls(url: string): Promise<Expectation[]> {
  const expectations: Expectation[] = [];
  const calls: Call[] = [];
  const common = { apiKey: GATEWAY_KEY, maxRetries: 0, fetch: meteredFetch(calls) };
  const openai = new OpenAI({ ...common, baseURL: `${url}/v1` });
  const anthropic = new Anthropic({ ...common, baseURL: url });
  const groq = new OpenAI({ ...common, baseURL: `${url}/groq/v1`, defaultHeaders: { 'x-project-id': 'a-project', 'x-user-id': 'üser' } });
  const closed = new OpenAI({ ...common, baseURL: `${url}/v1`, defaultHeaders: { 'x-provider': CLOSED_PROVIDER } });

  const expectLast = (fields: TelemetryRecord, measured: readonly string[], cost?: number, cancelled = false): void => {
    const call = calls.at(-1);
    if (call === undefined) throw new Error('no call was made');
    expectations.push({ call, fields, measured, cancelled, ...(cost !== undefined && { cost }) });
  };
  const openaiFields = { provider: 'openai', model: OPENAI, response_model: OPENAI, ...USAGE, ...SUCCESS, price_source: 'override' };

  const chat = await openai.chat.completions.create({ model: OPENAI, messages });
  expect(chat.choices[0]?.message.content).to.equal(ANSWER);
  expectLast({ ...openaiFields, stream: false, finish_reason: 'stop' }, [...JSON_TIMES, ...PRICED], COST.openai);

  const plain = await all(await openai.chat.completions.create({ model: OPENAI, messages, stream: true }));
  expect(plain.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).to.equal(ANSWER);
  expect(plain.some((chunk) => chunk.usage !== undefined && chunk.usage !== null), 'a usage chunk that was not asked for').to.equal(false);
  expectLast({ ...openaiFields, stream: true, finish_reason: 'stop' }, [...STREAM_TIMES, ...PRICED], COST.openai);

  const asked = await all(await openai.chat.completions.create({ model: OPENAI, messages, stream: true, stream_options: { include_usage: true } }));
  expect(asked.at(-1)?.usage?.completion_tokens).to.equal(OUTPUT_TOKENS);
  expectLast({ ...openaiFields, stream: true, finish_reason: 'stop' }, [...STREAM_TIMES, ...PRICED], COST.openai);

  const response = await openai.responses.create({ model: OPENAI, input: PROMPT });
  expect(response.output_text).to.equal(ANSWER);
  expectLast({ ...openaiFields, stream: false, finish_reason: 'completed' }, [...JSON_TIMES, ...PRICED], COST.openai);

  const events = await all(await openai.responses.create({ model: OPENAI, input: PROMPT, stream: true }));
  expect(events.at(-1)?.type).to.equal('response.completed');
  expectLast({ ...openaiFields, stream: true, finish_reason: 'completed' }, [...STREAM_TIMES, ...PRICED], COST.openai);

  const embedding = await openai.embeddings.create({ model: EMBEDDING, input: PROMPT, encoding_format: 'float' });
  expect(embedding.data[0]?.embedding).to.deep.equal([0.1, 0.2, 0.3]);
  // The stand-in says 0 tokens, which is known and no gap.
  expectLast({ provider: 'openai', model: EMBEDDING, response_model: EMBEDDING, stream: false, ...SUCCESS, input_tokens: 0, total_tokens: 0, price_source: 'genai-prices' }, [...JSON_TIMES, ...PRICED], 0);

  const refusal = await failureOf(openai.chat.completions.create({ model: 'model-limited', messages }));
  expect(refusal).to.be.instanceOf(OpenAI.APIError).and.include({ status: 429, code: 'rate_limit_exceeded' });
  expectLast({ provider: 'openai', model: 'model-limited', stream: false, ...SUCCESS, provider_status_code: 429, error_count: 1, provider_error_count: 1, provider_error_type: 'rate_limit_exceeded' }, JSON_TIMES);

  const slow = await openai.chat.completions.create({ model: 'model-slow', messages, stream: true });
  for await (const chunk of slow) if ((chunk.choices[0]?.delta.content ?? '') !== '') break;
  expectLast({ provider: 'openai', model: 'model-slow', response_model: 'model-slow', stream: true, ...SUCCESS, end_reason: 'client', error_count: 1, error_type: 'client_closed' }, STREAM_TIMES, undefined, true);

  const message = await anthropic.messages.create({ model: ANTHROPIC, max_tokens: 100, messages });
  expect(message.content[0]).to.include({ type: 'text', text: ANSWER });
  const anthropicFields = { provider: 'anthropic', model: ANTHROPIC, response_model: ANTHROPIC, ...USAGE, ...SUCCESS, price_source: 'override', finish_reason: 'end_turn' };
  expectLast({ ...anthropicFields, stream: false }, [...JSON_TIMES, ...PRICED], COST.anthropic);

  const streamed = await anthropic.messages.stream({ model: ANTHROPIC, max_tokens: 100, messages }).finalMessage();
  expect(streamed.usage.output_tokens).to.equal(OUTPUT_TOKENS);
  expectLast({ ...anthropicFields, stream: true }, [...STREAM_TIMES, ...PRICED], COST.anthropic);

  const limited = await failureOf(anthropic.messages.create({ model: 'model-limited', max_tokens: 100, messages }));
  expect(limited).to.be.instanceOf(Anthropic.RateLimitError);
  expectLast({ provider: 'anthropic', model: 'model-limited', stream: false, ...SUCCESS, provider_status_code: 429, error_count: 1, provider_error_count: 1, provider_error_type: 'rate_limit_error' }, JSON_TIMES);

  await groq.chat.completions.create({ model: GROQ, messages });
  expectLast({ provider: 'groq', model: GROQ, response_model: GROQ, stream: false, finish_reason: 'stop', ...USAGE, ...SUCCESS, price_source: 'genai-prices', project_id: 'a-project', user_id: 'üser' },
    [...JSON_TIMES, ...PRICED], (INPUT_TOKENS * 0.59 + OUTPUT_TOKENS * 0.79) / 1e6);

  const unreachable = await failureOf(closed.chat.completions.create({ model: OPENAI, messages }));
  expect(unreachable).to.be.instanceOf(OpenAI.InternalServerError).and.include({ status: 502 });
  const { provider_status_code: _, ...unanswered } = SUCCESS;
  expectLast({ provider: CLOSED_PROVIDER, model: OPENAI, stream: false, ...unanswered, end_reason: 'provider', attempts: 3, error_count: 3, provider_error_count: 3, error_type: 'upstream_connect' }, JSON_TIMES);

  return expectations;
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call should have failed');
}
