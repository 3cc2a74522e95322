import { expect } from 'chai';
import { anthropicUsage } from '../../../src/wire/anthropic-usage.js';
import { converseUsage, invocationUsage } from '../../../src/wire/bedrock-usage.js';
import { cohereUsage } from '../../../src/wire/cohere-usage.js';
import { geminiUsage } from '../../../src/wire/gemini-usage.js';
import { ollamaUsage } from '../../../src/wire/ollama-usage.js';
import { openAiUsage } from '../../../src/wire/openai-usage.js';
import { responsesUsage } from '../../../src/wire/responses-usage.js';

const ALL = [openAiUsage, responsesUsage, anthropicUsage, geminiUsage, cohereUsage, converseUsage, invocationUsage];

describe('usage in any shape', () => {
  it('is unknown where the provider said nothing, or nothing that counts', () => {
    for (const read of ALL) {
      for (const raw of [undefined, null, {}, [], 'x', 7, { prompt_tokens: null, input_tokens: '5', promptTokenCount: -1, inputTokens: 1.5 }]) {
        expect(read(raw), `${read.name} ${JSON.stringify(raw)}`).to.equal(undefined);
      }
    }
    expect(ollamaUsage({ prompt_eval_count: null, eval_count: Number.NaN })).to.equal(undefined);
  });
});

describe('OpenAI usage', () => {
  it('takes the counts as they are: cached is part of input, reasoning part of output', () => {
    expect(openAiUsage({
      prompt_tokens: 2006, completion_tokens: 300, total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, cache_write_tokens: 40, audio_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 128, audio_tokens: 2 },
    }, 'flex')).to.deep.equal({
      inputTokens: 2006, outputTokens: 300, totalTokens: 2306, cachedTokens: 1920, cacheWriteTokens: 40, reasoningTokens: 128,
      inputAudioTokens: 3, outputAudioTokens: 2, serviceTier: 'flex',
    });
  });

  it('of embeddings knows the input, and the total that the provider says', () => {
    expect(openAiUsage({ prompt_tokens: 8, total_tokens: 8 })).to.deep.equal({ inputTokens: 8, totalTokens: 8 });
  });

  it('sees by the total that reasoning stands apart (xAI)', () => {
    const xai = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 141, completion_tokens_details: { reasoning_tokens: 100 } };
    expect(openAiUsage(xai)).to.deep.include({ outputTokens: 109, reasoningTokens: 100, totalTokens: 141 });
    const openai = { prompt_tokens: 32, completion_tokens: 109, total_tokens: 141, completion_tokens_details: { reasoning_tokens: 100 } };
    expect(openAiUsage(openai)).to.deep.include({ outputTokens: 109, reasoningTokens: 100, totalTokens: 141 });
  });

  it('does not take Groq\'s cache statistics for usage', () => {
    expect(openAiUsage({ dram_cached_tokens: 128, sram_cached_tokens: 0 })).to.equal(undefined);
  });
});

describe('Anthropic usage', () => {
  it('adds cache reads and writes to the input (litellm#9812)', () => {
    expect(anthropicUsage({ input_tokens: 3, cache_creation_input_tokens: 12304, cache_read_input_tokens: 0, output_tokens: 550 }))
      .to.deep.equal({ inputTokens: 12307, outputTokens: 550, totalTokens: 12857, cachedTokens: 0, cacheWriteTokens: 12304 });
  });

  it('is cumulative: what a later one leaves out or says is null stays', () => {
    const first = anthropicUsage({ input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 1 });
    const second = anthropicUsage({ input_tokens: null, cache_read_input_tokens: null, output_tokens: 40 }, first);
    expect(second).to.deep.equal({ inputTokens: 130, outputTokens: 40, totalTokens: 170, cachedTokens: 100, cacheWriteTokens: 20 });
    const third = anthropicUsage({ input_tokens: 15, cache_read_input_tokens: 150, output_tokens: 60 }, second);
    expect(third).to.deep.include({ inputTokens: 185, cachedTokens: 150, cacheWriteTokens: 20, outputTokens: 60, totalTokens: 245 });
  });

  it('does not fall back to zero, and rises from zero', () => {
    const first = anthropicUsage({ input_tokens: 100, output_tokens: 0 });
    expect(anthropicUsage({ input_tokens: 0, output_tokens: 9 }, first)).to.deep.include({ inputTokens: 100, outputTokens: 9 });
    const late = anthropicUsage({ input_tokens: 0, output_tokens: 0 });
    expect(anthropicUsage({ input_tokens: 77, output_tokens: 9 }, late)).to.deep.include({ inputTokens: 77, outputTokens: 9 });
  });

  it('takes fast inference for a service tier: it has a price of its own', () => {
    const usage = { input_tokens: 1, output_tokens: 1, service_tier: 'standard' };
    expect(anthropicUsage({ ...usage, speed: 'fast' })?.serviceTier).to.equal('fast');
    expect(anthropicUsage({ ...usage, speed: 'standard' })?.serviceTier).to.equal('standard');
    expect(anthropicUsage({ output_tokens: 5 }, anthropicUsage({ ...usage, speed: 'fast' }))?.serviceTier).to.equal('fast');
  });

  it('counts searches of the web, which are billed by the piece', () => {
    const first = anthropicUsage({ input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 2 } });
    expect(first?.webSearches).to.equal(2);
    expect(anthropicUsage({ output_tokens: 9, server_tool_use: { web_search_requests: 3 } }, first)?.webSearches).to.equal(3);
    expect(anthropicUsage({ output_tokens: 9, server_tool_use: null }, first)?.webSearches).to.equal(2);
  });

  it('adds the two lifetimes of the cache where their sum is not said', () => {
    expect(anthropicUsage({ input_tokens: 1, cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 4 }, output_tokens: 1 }))
      .to.deep.include({ inputTokens: 7, cacheWriteTokens: 6, cacheWrite1hTokens: 4 });
  });

  it('knows no input where only the cache is known', () => {
    expect(anthropicUsage({ cache_read_input_tokens: 5 })).to.deep.equal({ cachedTokens: 5 });
  });
});

describe('Gemini usage', () => {
  it('adds thoughts to the output and tools to the input', () => {
    expect(geminiUsage({ promptTokenCount: 10, toolUsePromptTokenCount: 5, cachedContentTokenCount: 4, candidatesTokenCount: 7, thoughtsTokenCount: 20, totalTokenCount: 42 }))
      .to.deep.equal({ inputTokens: 15, outputTokens: 27, totalTokens: 42, cachedTokens: 4, reasoningTokens: 20 });
  });

  it('tells audio and images apart, cached ones too, and how the call is billed', () => {
    const tokens = (modality: string, tokenCount: number): object => ({ modality, tokenCount });
    expect(geminiUsage({
      promptTokenCount: 100, cachedContentTokenCount: 50, candidatesTokenCount: 30, totalTokenCount: 130, trafficType: 'ON_DEMAND_FLEX',
      promptTokensDetails: [tokens('TEXT', 40), tokens('AUDIO', 60)], cacheTokensDetails: [tokens('AUDIO', 50)], candidatesTokensDetails: [tokens('IMAGE', 20), tokens('TEXT', 10)],
    })).to.deep.equal({
      inputTokens: 100, outputTokens: 30, totalTokens: 130, cachedTokens: 50, inputAudioTokens: 60, cachedAudioTokens: 50, outputImageTokens: 20, serviceTier: 'flex',
    });
    const tier = (trafficType: string): string | undefined => geminiUsage({ promptTokenCount: 1, trafficType })?.serviceTier;
    expect(['ON_DEMAND', 'PROVISIONED_THROUGHPUT', 'TRAFFIC_TYPE_UNSPECIFIED'].map(tier)).to.deep.equal(['standard', 'provisioned_throughput', undefined]);
  });

  it('takes what remains of the total where Google omits a zero', () => {
    expect(geminiUsage({ promptTokenCount: 10, totalTokenCount: 10 })).to.deep.equal({ inputTokens: 10, outputTokens: 0, totalTokens: 10 });
    expect(geminiUsage({ promptTokenCount: 10 })).to.deep.equal({ inputTokens: 10 });
    expect(geminiUsage({ totalTokenCount: 10 })).to.deep.equal({ totalTokens: 10 });
  });
});

describe('Cohere usage', () => {
  it('counts what is billed, else the tokens', () => {
    expect(cohereUsage({ billed_units: { input_tokens: 5, output_tokens: 24 }, tokens: { input_tokens: 71, output_tokens: 26 }, cached_tokens: 64 }))
      .to.deep.equal({ inputTokens: 5, outputTokens: 24, totalTokens: 29, cachedTokens: 5 });
    expect(cohereUsage({ tokens: { input_tokens: 71, output_tokens: 26 } })).to.deep.equal({ inputTokens: 71, outputTokens: 26, totalTokens: 97 });
    expect(cohereUsage({ billed_units: { search_units: 1 } })).to.equal(undefined);
  });
});

describe('Bedrock usage', () => {
  it('adds cache reads and writes to the input', () => {
    expect(converseUsage({ inputTokens: 40, outputTokens: 12, totalTokens: 352, cacheReadInputTokens: 200, cacheWriteInputTokens: 100 }))
      .to.deep.equal({ inputTokens: 340, outputTokens: 12, totalTokens: 352, cachedTokens: 200, cacheWriteTokens: 100 });
  });

  it('keeps the parts that the body says', () => {
    const before = { inputTokens: 30, outputTokens: 3, parts: [{ inputTokens: 10, outputTokens: 1 }, { inputTokens: 20, outputTokens: 2 }] };
    expect(invocationUsage({ inputTokenCount: 20, outputTokenCount: 2 }, before)).to.equal(before);
  });

  it('takes Amazon\'s metrics over the body\'s count, and keeps what only the body knows', () => {
    const before = { inputTokens: 60, outputTokens: 1, totalTokens: 61, cachedTokens: 20, cacheWriteTokens: 30, cacheWrite1hTokens: 20 };
    expect(invocationUsage({ inputTokenCount: 10, outputTokenCount: 15 }, before))
      .to.deep.equal({ ...before, outputTokens: 15, totalTokens: 75 });
    expect(invocationUsage({ invocationLatency: 5 }, before)).to.equal(before);
  });
});
