import { findProvider } from '@pydantic/genai-prices';
import { expect } from 'chai';
import { loadLibraryPrices, type LibraryPrices } from '../../../src/pricing/library-prices.js';
import { namesOtherModel } from '../../../src/pricing/model-match.js';

const AT = Date.UTC(2026, 9, 15, 12);

describe('a name that a rule of the price list matches', () => {
  const other = (rule: string, name: string): boolean => namesOtherModel({ starts_with: rule }, rule, name);

  it('is another model where a version follows', () => {
    for (const rest of ['-5', '.5', '-5-5', '-v2', '-v2:0', '-2', '@2', '-6-20260101', '5']) {
      expect(other('claude-sonnet-5', `claude-sonnet-5${rest}`), rest).to.equal(true);
    }
  });

  it('is the same model where a date, a revision or a word follows', () => {
    for (const rest of ['', '-20250929', '@20250929', '-2025-09-29', '-0613', '-2508', '-001', '-05-06', '-10-2025', '-v1', '-v1:0', '-latest', '-preview', '@default', '-16k', '-preview-05-20']) {
      expect(other('claude-sonnet-5', `claude-sonnet-5${rest}`), rest).to.equal(false);
    }
    expect(namesOtherModel({ starts_with: 'ft:gpt-4o-2024-' }, 'ft:gpt-4o', 'ft:gpt-4o-2024-08-06:acme::id')).to.equal(false);
  });

  it('is another model where a variant with a price of its own follows', () => {
    for (const rest of ['-tts', '-lite-tts', '-cyber', '-image', '-live', '-lite', ':free', ':online', ':nitro']) {
      expect(other('gemini-3.8-flash', `gemini-3.8-flash${rest}`), rest).to.equal(true);
    }
  });

  it('is decided by the rule that covers most of it', () => {
    const match = { or: [{ starts_with: 'm-1' }, { contains: 'm-1-5' }, { regex: '^m-1-6-\\d{8}$' }, { equals: 'm-1-7' }] };
    expect(namesOtherModel(match, 'm-1', 'm-1-5')).to.equal(false);
    expect(namesOtherModel(match, 'm-1', 'm-1-6-20260101')).to.equal(false);
    expect(namesOtherModel(match, 'm-1', 'M-1-7')).to.equal(false);
    expect(namesOtherModel(match, 'm-1', 'm-1-8')).to.equal(true);
  });

  it('is, in the list itself, every model by its own name', () => {
    for (const providerId of ['openai', 'anthropic', 'google', 'aws', 'azure', 'mistral', 'deepseek', 'groq', 'x-ai', 'cohere', 'openrouter', 'together', 'fireworks']) {
      for (const { id, match } of findProvider({ providerId })?.models ?? []) expect(namesOtherModel(match, id, id), `${providerId} ${id}`).to.equal(false);
    }
  });
});

describe('names of models as clients write them', () => {
  let library: LibraryPrices;
  before(async () => { library = await loadLibraryPrices(); });
  const input = (provider: string, model: string): unknown => library.find(provider, model, AT)?.table.input;

  for (const [provider, model, price] of [
    ['openai', 'gpt-4o-2024-08-06', 2.5],
    ['azure', 'gpt-4o-2024-11-20', 2.5],
    ['google', 'models/gemini-2.5-flash', 0.3],
    ['google', 'google/gemini-2.5-flash', 0.3],
    ['google', 'publishers/google/models/gemini-2.5-flash', 0.3],
    ['google', 'projects/p/locations/global/publishers/anthropic/models/claude-opus-5', 5],
    ['fireworks', 'accounts/fireworks/models/gpt-oss-20b', 0.07],
    ['aws', 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0', 3.3],
    ['aws', 'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0', 3],
    ['aws', 'arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0', undefined],
    ['aws', 'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/claude-3-haiku-20240307', undefined],
    ['aws', 'arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/amazon.nova-lite', undefined],
    ['openrouter', 'anthropic/claude-sonnet-4.5:online', undefined],
    ['azure', 'deepseek-v4-pro', undefined],
    ['azure', 'grok-4', undefined],
    ['google', 'gemma-3-27b-it', undefined],
  ] as const) {
    it(`${provider}: ${model} costs ${String(price)}`, () => { expect(input(provider, model)).to.equal(price); });
  }
});
