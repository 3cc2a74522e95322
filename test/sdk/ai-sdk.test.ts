import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import type { LLMock } from '@copilotkit/aimock';
import { embed, generateText, streamText, type LanguageModel } from 'ai';
import { expect } from 'chai';
import { expectRecord, M, startAimock, startRecordings, startSdkBench, type RecordedCall, type Recordings, type SdkBench } from './sdk-bench.js';

const prompt = 'Say hello';
const maxRetries = 0;

describe('the AI SDK', () => {
  let mock: LLMock;
  let bench: SdkBench;
  before(async () => {
    mock = await startAimock();
    bench = await startSdkBench(mock.url);
  });
  after(async () => {
    await bench.close();
    await mock.stop();
  });

  const openai = (): ReturnType<typeof createOpenAI> => createOpenAI({ apiKey: 'client-key', baseURL: `${bench.url}/v1` });
  const anthropic = (): ReturnType<typeof createAnthropic> => createAnthropic({ apiKey: 'client-key', baseURL: `${bench.url}/v1` });
  const cases: readonly { name: string; model: () => LanguageModel; expected: { cost: number } & RecordedCall }[] = [
    { name: 'OpenAI, chat', model: () => openai().chat('gpt-4o-mini'), expected: { provider: 'openai', path: '/v1/chat/completions', cost: (19 * 0.15 + 10 * 0.6) / M } },
    { name: 'OpenAI, responses', model: () => openai()('gpt-4o-mini'), expected: { provider: 'openai', path: '/v1/responses', cost: (19 * 0.15 + 10 * 0.6) / M } },
    { name: 'Anthropic', model: () => anthropic()('claude-sonnet-4-5'), expected: { provider: 'anthropic', path: '/v1/messages', cost: (19 * 3 + 10 * 15) / M } },
  ];
  for (const { name, model, expected } of cases) {
    it(`${name}: JSON`, async () => {
      const { text, usage } = await generateText({ model: model(), prompt, maxRetries });
      expect(text).to.equal('Hello there.');
      expect(usage.inputTokens).to.equal(19);
      expectRecord(await bench.record(), { ...expected, stream: false, input_tokens: 19, output_tokens: 10 });
    });

    it(`${name}: stream`, async () => {
      const stream = streamText({ model: model(), prompt, maxRetries });
      expect(await stream.text).to.equal('Hello there.');
      expect((await stream.usage).outputTokens).to.equal(10);
      expectRecord(await bench.record(), { ...expected, stream: true, input_tokens: 19, output_tokens: 10 });
    });
  }
});

describe('the AI SDK, recorded shapes', () => {
  let provider: Recordings;
  let bench: SdkBench;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url);
  });
  after(async () => {
    await bench.close();
    await provider.close();
  });

  it('Anthropic, streamed, with a cache of two lifetimes and thinking', async () => {
    provider.answer = () => ({ fixture: 'anthropic/messages-stream.sse', contentType: 'text/event-stream' });
    const { text } = streamText({ model: createAnthropic({ apiKey: 'client-key', baseURL: `${bench.url}/v1` })('claude-sonnet-4-5'), prompt, maxRetries });
    await text;
    expectRecord(await bench.record(), { input_tokens: 7012, cached_tokens: 5000, cache_write_tokens: 2000, output_tokens: 89, cost: (12 * 3 + 5000 * 0.3 + 500 * 3.75 + 1500 * 6 + 89 * 15) / M });
  });

  it('OpenAI, embeddings', async () => {
    provider.answer = () => ({ json: { object: 'list', model: 'text-embedding-3-small', data: [{ object: 'embedding', index: 0, embedding: [0.1] }], usage: { prompt_tokens: 8, total_tokens: 8 } } });
    const openai = createOpenAI({ apiKey: 'client-key', baseURL: `${bench.url}/v1` });
    const { embedding } = await embed({ model: openai.embedding('text-embedding-3-small'), value: 'words', maxRetries });
    expect(embedding).to.deep.equal([0.1]);
    expectRecord(await bench.record(), { path: '/v1/embeddings', input_tokens: 8, cost: 8 * 0.02 / M });
  });
});
