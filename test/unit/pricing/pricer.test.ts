import { expect } from 'chai';
import type { Usage, UsagePart } from '../../../src/domain/usage.js';
import { loadLibraryPrices } from '../../../src/pricing/library-prices.js';
import { loadPricer } from '../../../src/pricing/pricer.js';

const AT = Date.UTC(2026, 9, 15, 12);
const USAGE: Usage = { inputTokens: 1_000_000, outputTokens: 0 };

describe('the pricer', () => {
  it('knows what a model cost at the time of the call', async () => {
    const { price } = await loadPricer({ providerIds: (provider) => provider });
    const cost = (model: string, provider: string, at: number): number | undefined => price({ provider, model, usage: USAGE, at })?.cost;
    // OpenAI's o3 became cheaper on 10 June 2025.
    expect(cost('o3', 'openai', Date.UTC(2025, 5, 9, 23, 59, 59))).to.equal(10);
    expect(cost('o3', 'openai', Date.UTC(2025, 5, 10))).to.equal(2);
    expect(cost('o3', 'openai', Date.UTC(2025, 5, 9, 23, 59, 59)), 'asked again').to.equal(10);
    // DeepSeek was half as dear by night, until 16:30 UTC begins it.
    expect(cost('deepseek-chat', 'deepseek', Date.UTC(2025, 5, 10, 16, 29, 59))).to.equal(0.27);
    expect(cost('deepseek-chat', 'deepseek', Date.UTC(2025, 5, 10, 16, 30))).to.equal(0.135);
    // In its last months it was a name of V4 Flash; then it was no more.
    expect(cost('deepseek-chat', 'deepseek', Date.UTC(2026, 6, 24, 15))).to.equal(0.14);
    expect(cost('deepseek-chat', 'deepseek', AT)).to.equal(undefined);
  });

  it('says where the price came from, and the version of that source', async () => {
    const { price } = await loadPricer({ providerIds: (provider) => provider });
    expect(price({ provider: 'openai', model: 'gpt-4o', usage: USAGE, at: AT })).to.deep.equal({ cost: 2.5, source: 'genai-prices', version: '0.1.8' });
    expect(price({ provider: 'openai', model: 'gpt-4o', usage: { ...USAGE, providerCost: 7 }, at: AT })).to.deep.equal({ cost: 7, source: 'provider', version: '' });
  });

  it('takes the price of the model that answered, and of the one asked for where that has none', async () => {
    const { price } = await loadPricer({ providerIds: (provider) => provider });
    const cost = (model: string | undefined, responseModel: string | undefined): number | undefined =>
      price({ provider: 'openai', model, responseModel, usage: USAGE, at: AT })?.cost;
    expect(cost('gpt-4o', 'gpt-4o-2024-05-13')).to.equal(5);
    expect(cost('gpt-4o', 'something-new')).to.equal(2.5);
    expect(cost(undefined, 'gpt-4o')).to.equal(2.5);
    expect(cost(undefined, undefined)).to.equal(undefined);
  });

  it('prices the parts of a session each for itself: a long session has no long prompts', async () => {
    const { price } = await loadPricer({ providerIds: (provider) => provider });
    const part: Usage = { inputTokens: 150_000, outputTokens: 10 };
    const cost = (usage: Usage): number | undefined => price({ provider: 'anthropic', model: 'claude-sonnet-4-5', usage, at: AT })?.cost;
    const one = (150_000 * 3 + 10 * 15) / 1e6;
    expect(cost(part)).to.be.closeTo(one, 1e-12);
    expect(cost({ inputTokens: 300_000, outputTokens: 20 })).to.be.closeTo((300_000 * 6 + 20 * 22.5) / 1e6, 1e-12);
    expect(cost({ inputTokens: 300_000, outputTokens: 20, parts: [part, part] })).to.be.closeTo(2 * one, 1e-12);
    expect(cost({ inputTokens: 300_000, outputTokens: 20, parts: [part, { ...part, serviceTier: 'priority' }] })).to.equal(undefined);
  });

  it('prices each part at its own model, and nothing where one of them has no price', async () => {
    const { price } = await loadPricer({ providerIds: (provider) => provider });
    const million = { inputTokens: 1_000_000, outputTokens: 0 };
    const cost = (parts: readonly UsagePart[], model = 'gpt-5-nano'): number | undefined =>
      price({ provider: 'openai', model, responseModel: model, usage: { inputTokens: 2_000_000, outputTokens: 0, parts }, at: AT })?.cost;
    // Two turns of one session: gpt-5.4 beyond 272,000 tokens, and gpt-5-nano.
    expect(cost([{ ...million, model: 'gpt-5.4' }, { ...million, model: 'gpt-5-nano' }])).to.be.closeTo(5 + 0.05, 1e-12);
    expect(cost([{ ...million, model: 'gpt-5.4' }, million]), 'a part without a model has that of the call').to.be.closeTo(5 + 0.05, 1e-12);
    expect(cost([{ ...million, model: 'nobody-knows' }, million])).to.equal(undefined);
    expect(cost([{ ...million, model: 'nobody-knows', providerCost: 7 }, million])).to.be.closeTo(7 + 0.05, 1e-12);
    // The model asked for is another one, although its name begins with that of the part.
    expect(cost([{ ...million, model: 'gpt-4o' }], 'gpt-4o-mini')).to.equal(2.5);
  });

  it('prices a part of a Bedrock call in the region that the call\'s id names', async () => {
    const { price } = await loadPricer({ providerIds: () => 'aws' });
    const usage = { inputTokens: 1000, outputTokens: 100 };
    const parts = [{ ...usage, model: 'claude-sonnet-4-5-20250929' }];
    const cost = (model: string): number | undefined => price({ provider: 'bedrock', model, usage: { ...usage, parts }, at: AT })?.cost;
    expect(cost('global.anthropic.claude-sonnet-4-5-20250929-v1:0')).to.be.closeTo(0.0045, 1e-12);
    expect(cost('us.anthropic.claude-sonnet-4-5-20250929-v1:0')).to.be.closeTo(0.00495, 1e-12);
  });

  it('does not take a deployment\'s name for the model that answered', async () => {
    const { price } = await loadPricer({ providerIds: () => 'azure' });
    const cost = (model: string): number | undefined =>
      price({ provider: 'azure-openai', model, responseModel: 'gpt-4o', usage: USAGE, at: AT })?.cost;
    expect(cost('gpt-4o-mini')).to.equal(2.5);
    expect(cost('prod-gpt-4o')).to.equal(2.5);
  });

  it('never guesses: no price without usage, for contradictory counts, for a figure that is none', async () => {
    const { price } = await loadPricer({ providerIds: (provider) => provider });
    const usages: (Usage | undefined)[] = [
      undefined, {}, { totalTokens: 5 }, { outputTokens: 5 }, { inputTokens: -1 }, { inputTokens: Number.NaN },
      { inputTokens: 5, cachedTokens: 6 }, { inputTokens: 5, outputTokens: 5, reasoningTokens: 6 }, { inputTokens: 5, cacheWriteTokens: 1, cacheWrite1hTokens: 2 },
      { providerCost: Number.NaN }, { providerCost: -1 }, { providerCost: Infinity },
    ];
    for (const usage of usages) expect(price({ provider: 'openai', model: 'gpt-4o', usage, at: AT }), JSON.stringify(usage)).to.equal(undefined);
    expect(price({ provider: 'openai', model: 'o3', usage: USAGE, at: Number.NaN }), 'a time that is none').to.equal(undefined);
  });

  it('does not take a provider for another because of its name', async () => {
    const { price } = await loadPricer({ providerIds: (provider) => provider });
    for (const provider of ['my-openai', 'openai-eu', 'ollama', 'litellm', '']) {
      expect(price({ provider, model: 'gpt-4o', usage: USAGE, at: AT }), provider).to.equal(undefined);
    }
  });

  it('tells once per model what it cannot price, and counts the calls', async () => {
    const told: string[] = [];
    const { price, unpriced } = await loadPricer({
      providerIds: (provider) => (provider === 'openai' ? 'openai' : undefined),
      onUnknownModel: (provider, model) => { told.push(`${provider} ${model}`); },
    });
    for (let i = 0; i < 3; i++) {
      price({ provider: 'openai', model: 'nobody-knows', usage: USAGE, at: AT });
      price({ provider: 'lab', responseModel: 'own', usage: USAGE, at: AT });
      price({ provider: 'openai', model: 'gpt-4o', usage: USAGE, at: AT });
      price({ provider: 'openai', model: 'no-usage', at: AT });
    }
    expect(told).to.deep.equal(['openai nobody-knows', 'lab own']);
    expect(unpriced()).to.equal(6);
  });

  it('does not grow with the names that clients invent', async () => {
    const told = new Set<string>();
    const { price } = await loadPricer({ providerIds: (provider) => provider, onUnknownModel: (_, model) => told.add(model) });
    for (let i = 0; i < 12_000; i++) price({ provider: 'openai', model: `invented-${i}`, usage: USAGE, at: AT });
    expect(told.size).to.equal(1_000);
    expect(price({ provider: 'openai', model: 'gpt-4o', usage: USAGE, at: AT })?.cost).to.equal(2.5);
  });

  it('looks a model up once, and again only where the time decides the price', async () => {
    const library = await loadLibraryPrices();
    const table = (provider: string, model: string, at: number): unknown => library.find(provider, model, at)?.table;
    expect(table('openai', 'gpt-4o', AT)).to.be.an('object').and.equal(table('openai', 'gpt-4o', AT + 86_400_000));
    expect(table('deepseek', 'deepseek-flash', AT)).to.be.an('object').and.equal(table('deepseek', 'deepseek-flash', AT + 999));
    expect(table('deepseek', 'deepseek-flash', Date.UTC(2026, 9, 15, 2))).to.not.deep.equal(table('deepseek', 'deepseek-flash', AT));
  });

  it('prices no model that counts tokens of a kind that no answer tells', async () => {
    const { price, explain } = await loadPricer({ providerIds: (provider) => provider });
    // Its video output has a rate of its own.
    expect(price({ provider: 'google', model: 'gemini-omni-flash-preview', usage: USAGE, at: AT })).to.equal(undefined);
    expect(explain({ provider: 'google', model: 'gemini-omni-flash-preview', at: AT })).to.equal(undefined);
  });

  it('explains a list price', async () => {
    const { explain } = await loadPricer({ providerIds: (provider) => provider });
    expect(explain({ provider: 'openai', model: 'gpt-4o', at: AT })).to.deep.equal({
      source: 'genai-prices', version: '0.1.8', matched: 'openai/gpt-4o (genai-prices)',
      table: { input: 2.5, cacheRead: 1.25, output: 10, perSearch: 0.01 }, serviceTiers: {},
    });
  });
});
