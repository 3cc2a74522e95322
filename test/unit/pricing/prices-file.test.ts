import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import type { Usage } from '../../../src/domain/usage.js';
import type { Pricer } from '../../../src/pricing/price.js';
import { loadPricer } from '../../../src/pricing/pricer.js';

const M = 1_000_000;
const AT = Date.UTC(2026, 9, 15, 12);
const IDS = new Map([['openai', 'openai'], ['azure-openai', 'azure'], ['anthropic', 'anthropic'], ['vertex', 'google'], ['lab', 'lab']]);
const USAGE: Usage = { inputTokens: 1000, outputTokens: 100 };

describe('PRICES_FILE', () => {
  let dir: string;
  before(async () => { dir = await mkdtemp(join(tmpdir(), 'prices-')); });
  after(async () => { await rm(dir, { recursive: true }); });

  async function pricerOf(content: unknown, name = 'prices.yaml'): Promise<Pricer> {
    const pricesFile = join(dir, name);
    await writeFile(pricesFile, typeof content === 'string' ? content : JSON.stringify(content));
    return loadPricer({ pricesFile, providerIds: (provider) => IDS.get(provider) });
  }

  const cost = (pricer: Pricer, provider: string, model: string, usage = USAGE, at = AT): number | undefined =>
    pricer.price({ provider, model, usage, at })?.cost;

  it('comes before the list price, and the record says so', async () => {
    const pricer = await pricerOf('- { provider: openai, model: gpt-4o, input: 2, output: 8 }\n');
    const price = pricer.price({ provider: 'openai', model: 'gpt-4o', usage: USAGE, at: AT });
    expect(price).to.deep.include({ cost: (1000 * 2 + 100 * 8) / M, source: 'override' });
    expect(price?.version).to.match(/^[0-9a-f]{12}$/);
    expect(pricer.price({ provider: 'openai', model: 'gpt-4o-mini', usage: USAGE, at: AT })?.source).to.equal('genai-prices');
  });

  it('gives the same version for the same content, another for another', async () => {
    const entry = { model: 'm', input: 1, output: 1 };
    const versions = await Promise.all([[entry], [entry], [{ ...entry, output: 2 }]].map(async (content, i) =>
      (await pricerOf(content, `v${i}.json`)).price({ provider: 'lab', model: 'm', usage: USAGE, at: AT })?.version));
    expect(versions[0]).to.equal(versions[1]).and.not.equal(versions[2]);
  });

  it('may be JSON or YAML, a list or an object with `prices`', async () => {
    const yaml = 'prices:\n  # negotiated\n  - model: tiny\n    input: 1\n    output: 2\n';
    for (const [content, name] of [[yaml, 'a.yml'], [[{ model: 'tiny', input: 1, output: 2 }], 'a.json'], [{ prices: [{ model: 'tiny', input: 1, output: 2 }] }, 'b.json']] as const) {
      expect(cost(await pricerOf(content, name), 'lab', 'tiny'), name).to.equal((1000 * 1 + 100 * 2) / M);
    }
  });

  it('prices every bucket by its own rate, and by its parent\'s where it has none', async () => {
    const usage: Usage = {
      inputTokens: 1000, cachedTokens: 300, cacheWriteTokens: 200, cacheWrite1hTokens: 50, inputAudioTokens: 100,
      outputTokens: 100, reasoningTokens: 40, outputAudioTokens: 10, webSearches: 3,
    };
    const full = await pricerOf([{ model: 'm', input: 1, cacheRead: 2, cacheWrite: 3, cacheWrite1h: 5, inputAudio: 7, output: 11, reasoning: 13, outputAudio: 17, perRequest: 0.5, perSearch: 0.25 }]);
    // 400 fresh, 300 read, 150 written for five minutes, 50 for an hour, 100 audio; 50 text, 40 reasoning, 10 audio.
    expect(cost(full, 'lab', 'm', usage)).to.be.closeTo((400 * 1 + 300 * 2 + 150 * 3 + 50 * 5 + 100 * 7 + 50 * 11 + 40 * 13 + 10 * 17) / M + 0.5 + 3 * 0.25, 1e-12);
    const plain = await pricerOf([{ model: 'm', input: 1, output: 2, perSearch: 0 }]);
    expect(cost(plain, 'lab', 'm', usage)).to.be.closeTo((1000 * 1 + 100 * 2) / M, 1e-12);
  });

  it('adds the price of a cache for an hour where the list has none; a multiplier does not', async () => {
    const usage: Usage = { inputTokens: 100, cacheWriteTokens: 50, cacheWrite1hTokens: 20, outputTokens: 10 };
    const scaled = await pricerOf([{ provider: 'vertex', model: 'claude-*', multiplier: 0.9 }]);
    expect(cost(scaled, 'vertex', 'claude-sonnet-4-5', usage)).to.equal(undefined);
    expect(cost(scaled, 'vertex', 'claude-sonnet-4-5', { ...usage, cacheWrite1hTokens: 0 })).to.be.closeTo((50 * 3 + 50 * 3.75 + 10 * 15) * 0.9 / M, 1e-12);
    const own = await pricerOf([{ provider: 'vertex', model: 'claude-*', input: 3, cacheWrite: 3.75, cacheWrite1h: 6, output: 15 }]);
    expect(cost(own, 'vertex', 'claude-sonnet-4-5', usage)).to.be.closeTo((50 * 3 + 30 * 3.75 + 20 * 6 + 10 * 15) / M, 1e-12);
  });

  it('comes after the figure of the provider itself', async () => {
    const pricer = await pricerOf([{ provider: 'openai', model: 'gpt-4o', input: 2, output: 8, perRequest: 1 }]);
    expect(pricer.price({ provider: 'openai', model: 'gpt-4o', usage: { ...USAGE, providerCost: 0.25 }, at: AT })).to.deep.equal({ cost: 0.25, source: 'provider', version: '' });
  });

  it('knows tiers: above the start, all tokens of the call cost that', async () => {
    const pricer = await pricerOf([{ model: 'm', input: { base: 1, tiers: [{ start: 5000, price: 4 }, { start: 999, price: 2 }] }, output: 10 }]);
    expect(cost(pricer, 'lab', 'm', { inputTokens: 999, outputTokens: 0 })).to.be.closeTo(999 / M, 1e-12);
    expect(cost(pricer, 'lab', 'm', { inputTokens: 1000, outputTokens: 0 })).to.be.closeTo(2 * 1000 / M, 1e-12);
    expect(cost(pricer, 'lab', 'm', { inputTokens: 5001, outputTokens: 1 })).to.be.closeTo((4 * 5001 + 10) / M, 1e-12);
  });

  it('leads an Azure deployment to its base model, with a multiplier for what was negotiated', async () => {
    const pricer = await pricerOf([{ provider: 'azure-openai', model: 'prod-*', baseModel: 'gpt-4o', multiplier: 0.9 }]);
    expect(cost(pricer, 'azure-openai', 'prod-eu')).to.be.closeTo((1000 * 2.5 + 100 * 10) * 0.9 / M, 1e-12);
    expect(cost(pricer, 'azure-openai', 'test')).to.equal(undefined);
  });

  it('multiplies by service tier; a tier that nobody named stays unknown', async () => {
    const pricer = await pricerOf([{ provider: 'openai', model: '*', serviceTiers: { batch: 0.5, Flex: 0.6, priority: 2 } }]);
    const list = (1000 * 2.5 + 100 * 10) / M;
    for (const [serviceTier, factor] of [['batch', 0.5], ['flex', 0.6], ['priority', 2], ['default', 1]] as const) {
      expect(cost(pricer, 'openai', 'gpt-4o', { ...USAGE, serviceTier }), serviceTier).to.be.closeTo(list * factor, 1e-12);
    }
    expect(cost(pricer, 'openai', 'gpt-4o', { ...USAGE, serviceTier: 'scale' })).to.equal(undefined);
  });

  it('multiplies by region, over the premiums that are built in', async () => {
    const pricer = await pricerOf([
      { provider: 'vertex', model: 'gemini-*', regions: { 'Europe-West4': 1.2, '*': 1 } },
      { provider: 'vertex', model: 'claude-*', multiplier: 0.5 },
      { provider: 'openai', model: 'gpt-5.4', input: 2, output: 8 },
    ]);
    const at = (provider: string, model: string, region: string): number | undefined => (
      pricer.price({ provider, model, region, usage: { inputTokens: M, outputTokens: 0 }, at: AT })?.cost);
    expect(at('vertex', 'gemini-3.5-flash', 'europe-west4')).to.be.closeTo(1.5 * 1.2, 1e-12);
    expect(at('vertex', 'gemini-3.5-flash', 'us-central1')).to.equal(1.5);
    expect(at('vertex', 'gemini-3.5-flash', 'global')).to.equal(1.5);
    expect(at('vertex', 'claude-opus-5', 'us-east5'), 'the list\'s premium on the list\'s price').to.be.closeTo(5 * 0.5 * 1.1, 1e-12);
    expect(at('openai', 'gpt-5.4', 'eu'), 'own rates are what is paid').to.equal(2);
  });

  it('has prices from a date on, and before the first one the list price', async () => {
    const entry = { provider: 'openai', model: 'gpt-4o', output: 0 };
    const pricer = await pricerOf([
      { ...entry, input: 2, from: '2026-06-01' }, { ...entry, input: 3, from: '2026-09-01T06:00:00Z' },
    ]);
    const at = (time: string): number | undefined => cost(pricer, 'openai', 'gpt-4o', { inputTokens: M, outputTokens: 0 }, Date.parse(time));
    expect(at('2026-05-31T23:59:59.999Z')).to.equal(2.5);
    expect(at('2026-06-01T00:00:00Z')).to.equal(2);
    expect(at('2026-09-01T05:59:59Z')).to.equal(2);
    expect(at('2026-09-01T06:00:00Z')).to.equal(3);
  });

  it('lets the most particular entry win, wherever it stands', async () => {
    const entries = [
      { model: '*', input: 1, output: 0 }, { model: 'gpt-*', input: 2, output: 0 }, { provider: 'openai', model: '*', input: 3, output: 0 },
      { provider: 'openai', model: 'gpt-4*', input: 4, output: 0 }, { provider: 'openai', model: 'gpt-4*-mini', input: 5, output: 0 }, { provider: 'openai', model: 'GPT-4o', input: 6, output: 0 },
    ];
    for (const order of [entries, entries.toReversed()]) {
      const pricer = await pricerOf(order);
      const input = (provider: string, model: string): number | undefined => cost(pricer, provider, model, { inputTokens: M, outputTokens: 0 });
      expect(input('lab', 'x')).to.equal(1);
      expect(input('lab', 'gpt-4o')).to.equal(2);
      expect(input('openai', 'o3')).to.equal(3);
      expect(input('openai', 'gpt-4.1')).to.equal(4);
      expect(input('openai', 'gpt-4o-mini')).to.equal(5);
      expect(input('openai', 'gpt-4o')).to.equal(6);
    }
  });

  it('lets `*` stand for any characters, and overlaps with nothing', async () => {
    const pricer = await pricerOf([{ model: 'ab*ba', input: 1, output: 1 }, { model: 'x*y*z', input: 1, output: 1 }]);
    for (const model of ['abba', 'ab-ba', 'abcba', 'xyz', 'x1y2z', 'xyyz']) expect(cost(pricer, 'lab', model), model).to.be.a('number');
    for (const model of ['aba', 'ab', 'xab-ba', 'xz', 'xzy', 'x-z', 'zyx']) expect(cost(pricer, 'lab', model), model).to.equal(undefined);
  });

  it('is found by the name that was asked for as well as by the one that answered', async () => {
    const pricer = await pricerOf([{ provider: 'openai', model: 'gpt-4o', input: 1, output: 1 }, { provider: 'openai', model: '*', multiplier: 0.5 }]);
    const price = pricer.price({ provider: 'openai', model: 'gpt-4o', responseModel: 'gpt-4o-2024-08-06', usage: USAGE, at: AT });
    expect(price?.cost).to.be.closeTo(1100 / M, 1e-12);
  });

  it('is what docs/pricing.md shows', async () => {
    const docs = readFileSync(new URL('../../../docs/pricing.md', import.meta.url), 'utf8');
    const pricer = await pricerOf(/```yaml\n([^]*?)```/.exec(docs)?.[1] ?? '');
    expect(cost(pricer, 'openai', 'gpt-4o-mini')).to.be.closeTo((1000 * 2 + 100 * 8) / M, 1e-12);
    expect(cost(pricer, 'openai', 'gpt-4o', USAGE, Date.UTC(2026, 5, 30))).to.be.closeTo((1000 * 2.5 + 100 * 10) / M, 1e-12);
    expect(cost(pricer, 'azure-openai', 'prod-chat')).to.be.closeTo((1000 * 2.5 + 100 * 10) * 0.9 / M, 1e-12);
    expect(cost(pricer, 'openai', 'o3', { ...USAGE, serviceTier: 'flex' })).to.be.closeTo((1000 * 2 + 100 * 8) * 0.5 / M, 1e-12);
    expect(cost(pricer, 'lab', 'llama-3.3-70b', { inputTokens: 200_000, outputTokens: 0 })).to.be.closeTo(200_000 * 0.2 / M, 1e-12);
    for (const name of ['input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'inputAudio', 'cachedAudio', 'inputImage', 'cachedImage', 'output', 'reasoning', 'outputAudio', 'outputImage', 'perRequest', 'perSearch', 'baseModel', 'multiplier', 'serviceTiers', 'from', 'provider', 'model']) {
      expect(docs, name).to.include(`\`${name}\``);
    }
  });

  it('explains which entry holds', async () => {
    const pricer = await pricerOf([{ model: 'other', input: 9, output: 9 }, { provider: 'openai', model: 'gpt-4o', multiplier: 0.5, serviceTiers: { flex: 0.5 } }], 'mine.json');
    const explained = pricer.explain({ provider: 'openai', model: 'gpt-4o', at: AT });
    expect(explained?.matched).to.match(/^entry 2 of .*mine\.json$/);
    expect(explained).to.deep.include({ source: 'override', serviceTiers: { flex: 0.5 } });
    expect(explained?.table).to.deep.include({ input: 1.25, cacheRead: 0.625, output: 5 });
  });

  describe('that cannot be used is a Failure that names file, entry, field and fix', () => {
    const good = { provider: 'openai', model: 'm', input: 1, output: 1 };
    const cases: readonly (readonly [unknown, string])[] = [
      [['x'], 'entry 1 of'], [[good, { ...good, model: undefined }], 'entry 2 of'], [[{ ...good, model: '' }], 'model is ""'], [[{ ...good, model: 4 }], 'model is 4'],
      [[{ ...good, provider: 'opnai' }], '"opnai"'], [[{ ...good, prompt: 1 }], '"prompt"'],
      [[{ ...good, input: '1' }], 'input is "1"'], [[{ ...good, output: -1 }], 'output is -1'], [[{ ...good, cacheRead: null }], 'cacheRead is null'],
      [[{ ...good, input: { base: 1 } }], 'input is'], [[{ ...good, input: { base: 1, tiers: [{ start: 'x', price: 1 }] } }], 'input.tiers[0].start is "x"'],
      [[{ ...good, input: { tiers: [] } }], 'input.base is undefined'], [[{ ...good, input: { base: 1, tiers: [{ start: 1, price: 1, to: 2 }] } }], 'input.tiers[0] is'],
      [[{ ...good, from: '2026-02-30' }], 'from is "2026-02-30"'], [[{ ...good, from: 'yesterday' }], 'from is "yesterday"'], [[{ ...good, from: '2026-01-01T00:00:00+02:00' }], 'from is'],
      [[{ provider: 'openai', model: 'm' }], 'says no price'], [[{ ...good, baseModel: 'gpt-4o' }], 'baseModel'], [[{ model: 'm', perRequest: 1 }], 'neither input nor output'],
      [[{ ...good, multiplier: 'half' }], 'multiplier is "half"'], [[{ ...good, serviceTiers: ['flex'] }], 'serviceTiers is'], [[{ ...good, serviceTiers: { flex: -1 } }], 'serviceTiers.flex is -1'],
      [[{ ...good, regions: 'us' }], 'regions is "us"'], [[{ ...good, regions: { us: '1.1' } }], 'regions.us is "1.1"'],
      [[good, { ...good, input: 2 }], 'entry 2 of'], [{ rates: [] }, 'holds no list'], ['7', 'holds no list'],
    ];
    for (const [content, named] of cases) {
      it(JSON.stringify(content), async () => {
        const failure = await pricerOf(content, 'bad.yaml').then(() => undefined, (error: unknown) => error);
        expect(failure).to.be.instanceOf(Failure);
        const { message, fix, exitCode } = failure as Failure;
        expect(message).to.include('PRICES_FILE').and.include('bad.yaml').and.include(named);
        expect(fix).to.not.equal('');
        expect(exitCode).to.equal(2);
      });
    }

    it('where it cannot be parsed, with the place', async () => {
      for (const [text, name] of [['- a: [1\n- b', 'broken.yaml'], ['[{"model": }]', 'broken.json']] as const) {
        const failure = await pricerOf(text, name).then(() => undefined, (error: unknown) => error);
        expect(failure).to.be.instanceOf(Failure);
        expect((failure as Failure).message).to.include(name).and.match(/line \d|position \d|Unexpected token/);
      }
    });

    it('where it does not exist', async () => {
      const failure = await loadPricer({ pricesFile: join(dir, 'missing.yaml'), providerIds: () => undefined }).then(() => undefined, (error: unknown) => error);
      expect(failure).to.be.instanceOf(Failure);
      expect((failure as Failure).message).to.include('missing.yaml').and.include('ENOENT');
    });
  });
});
