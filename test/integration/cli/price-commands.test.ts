import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Exchange } from '../../../src/domain/exchange.js';
import { newRequestId } from '../../../src/domain/request-id.js';
import { openLog } from '../../../src/telemetry/log.js';
import { createRecorder } from '../../../src/telemetry/recorder.js';

const DEV = fileURLToPath(new URL('../../../bin/dev.js', import.meta.url));

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('commands about providers and prices', () => {
  let dir: string;
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'gateway-prices-')); });
  afterEach(async () => { await rm(dir, { recursive: true }); });

  /** Runs `gateway …` in an empty folder with nothing in its environment but this. */
  function gateway(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return new Promise((resolve) => {
      execFile(process.execPath, [DEV, ...argv], { cwd: dir, env: { PATH: process.env['PATH'] ?? '', HOME: dir, TELEMETRY_DIR: join(dir, 'log'), ...env } },
        (error, stdout, stderr) => { resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }); });
    });
  }

  async function json(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number; value: Record<string, unknown> }> {
    const { code, stdout } = await gateway([...argv, '--json'], env);
    return { code, value: JSON.parse(stdout) as Record<string, unknown> };
  }

  /** A log with calls in it, priced or not. */
  async function writeLog(calls: readonly Partial<Exchange>[]): Promise<void> {
    const log = await openLog({ dir: join(dir, 'log'), fsync: 'never', onEvent: () => undefined });
    const record = createRecorder({
      log, instance: 'test', version: '0.0.0',
      price: ({ model }) => (model === 'priced' ? { cost: 0.1, source: 'override', version: 'v' } : undefined),
    });
    for (const call of calls) {
      const receivedAt = call.receivedAt ?? Date.UTC(2026, 9, 1);
      await record({
        requestId: newRequestId(receivedAt), receivedAt, provider: 'openai', method: 'POST', path: '/v1/chat/completions', requestSize: 1, responseSize: 1,
        statusCode: 200, totalMs: 1, overheadUs: 1, endReason: 'complete', attempts: 1, errorCount: 0, providerErrorCount: 0,
        usage: { inputTokens: 1, outputTokens: 1 }, ...call,
      });
    }
    await log.close();
  }

  describe('gateway providers', () => {
    it('says of each provider where it is, what it speaks and where its key comes from, and never the key', async () => {
      const env = {
        OPENAI_API_KEY: 'sk-secret', GROQ_BASE_URL: 'http://localhost:9/v1', AWS_REGION: 'eu-central-1',
        CUSTOM_PROVIDERS: '[{"name":"lab","baseUrl":"http://localhost:8000","dialect":"openai-chat"}]',
      };
      const { code, value } = await json(['providers'], env);
      expect(code).to.equal(0);
      const providers = value.providers as Record<string, unknown>[];
      const named = (name: string): Record<string, unknown> | undefined => providers.find((provider) => provider.name === name);
      expect(providers).to.have.length(19);
      expect(named('openai')).to.deep.equal({
        name: 'openai', title: 'OpenAI', base_url: 'https://api.openai.com', base_url_from: null,
        dialects: ['openai-chat', 'openai-responses', 'anthropic-messages', 'openai-realtime', 'openai'],
        key_variables: ['OPENAI_API_KEY'], key_set: true, key_from: 'OPENAI_API_KEY, environment',
      });
      expect(named('groq')).to.deep.include({ base_url: 'http://localhost:9', base_url_from: 'GROQ_BASE_URL, environment', key_set: false, key_from: null });
      expect(named('bedrock')).to.deep.include({ base_url: 'https://bedrock-runtime.eu-central-1.amazonaws.com', key_set: null, key_from: 'AWS credential chain' });
      expect(named('vllm')).to.deep.include({ base_url: null });
      expect(named('lab')).to.deep.include({ base_url: 'http://localhost:8000', key_variables: ['LAB_API_KEY'] });

      const { stdout } = await gateway(['providers'], env);
      for (const text of ['openai', 'http://localhost:9', 'GROQ_BASE_URL, environment', 'OPENAI_API_KEY, environment', 'not set (VLLM_BASE_URL)', 'not set (XAI_API_KEY)', 'openai-responses', 'bedrock-converse', 'lab']) expect(stdout).to.include(text);
      expect(stdout + JSON.stringify(value)).to.not.include('sk-secret');
    });

    it('refuses a broken list of custom providers with exit code 2', async () => {
      const { code, stderr } = await gateway(['providers'], { CUSTOM_PROVIDERS: '[{"name":"openai","baseUrl":"http://localhost:8000","dialect":"openai-chat"}]' });
      expect(code).to.equal(2);
      expect(stderr).to.include('CUSTOM_PROVIDERS: entry 1: the name "openai" is taken');
    });
  });

  describe('gateway prices show', () => {
    it('explains the list price of a model at a provider, also of a day in the past', async () => {
      const { code, value } = await json(['prices', 'show', 'o3', '--provider', 'OpenAI', '--at', '2025-06-01']);
      expect(code).to.equal(0);
      const [price] = value.prices as Record<string, unknown>[];
      expect(price).to.deep.include({ provider: 'openai', model: 'o3', source: 'genai-prices', version: '0.1.8', matched: 'openai/o3 (genai-prices)' });
      expect(price?.table).to.deep.include({ input: 10, output: 40 });
      const { stdout } = await gateway(['prices', 'show', 'claude-sonnet-4-5', '--provider', 'anthropic']);
      expect(stdout).to.match(/input +│ +3 │ million/).and.match(/│ +6 │ million, over 200,000 input tokens/).and.include('0.01 │ web search');
      expect((await gateway(['prices', 'show', 'claude-sonnet-4-6', '--provider', 'vertex'])).stdout).to.match(/written to cache +│ +3.75 │/).and.match(/written to cache for 1 h +│ +unknown │ million/);
    });

    it('shows every provider that has a price, PRICES_FILE first', async () => {
      await writeFile(join(dir, 'prices.yaml'), '- { provider: openai, model: gpt-4o, input: 2, output: 8, serviceTiers: { flex: 0.5 } }\n');
      const env = { PRICES_FILE: 'prices.yaml' };
      const { value } = await json(['prices', 'show', 'gpt-4o'], env);
      const prices = value.prices as Record<string, unknown>[];
      expect(prices.map(({ provider, source }) => `${provider as string} ${source as string}`)).to.include.members(['openai override', 'azure-openai genai-prices']);
      expect(prices.find(({ provider }) => provider === 'openai')).to.deep.include({ matched: 'entry 1 of prices.yaml', table: { input: 2, output: 8 } });
      expect((await gateway(['prices', 'show', 'gpt-4o'], env)).stdout).to.include('entry 1 of prices.yaml').and.match(/service tier flex +│ +× 0.5/);
    });

    it('shows all prices where the day or the hour decides', async () => {
      const argv = ['prices', 'show', 'deepseek-v4-pro', '--provider', 'deepseek', '--at', '2026-11-28T02:00Z'];
      const { value } = await json(argv);
      const [price] = value.prices as { table: unknown; schedule: unknown[] }[];
      expect(price?.table).to.deep.equal({ input: 0.66, cacheRead: 0.022, output: 1.98 });
      expect(price?.schedule.at(-1)).to.deep.equal({
        from: '2026-09-10T04:00:00.000Z', hours: { start: '06:00:00', end: '10:00:00' }, workdays: true, table: { input: 1.32, cacheRead: 0.044, output: 3.96 },
      });
      const { stdout } = await gateway(argv);
      expect(stdout).to.match(/input +│ +0.66 │/).and.match(/Monday to Friday, 06:00 to 10:00 │ input 1.32, read from cache 0.044, output 3.96/);
      expect((await gateway(['prices', 'show', 'o3', '--provider', 'openai'])).stdout).to.match(/from 2025-06-10 │ input 2,/);
      expect((await gateway(['prices', 'show', 'gpt-4o', '--provider', 'openai'])).stdout).to.not.include('All its prices');
    });

    it('shows an entry for all providers once, without the noise of binary fractions', async () => {
      await writeFile(join(dir, 'prices.yaml'), '- { model: own, input: 0.03, output: 3, multiplier: 0.3, regions: { us: 1.1 } }\n');
      const { stdout } = await gateway(['prices', 'show', 'own'], { PRICES_FILE: 'prices.yaml' });
      expect(stdout.match(/entry 1 of prices.yaml/g)).to.have.length(1);
      expect(stdout).to.match(/openai, anthropic, .*vllm: entry 1/).and.match(/input +│ +0.009 │/).and.match(/region us +│ +× 1.1/);
      const { value } = await json(['prices', 'show', 'own', '--provider', 'groq'], { PRICES_FILE: 'prices.yaml' });
      expect((value.prices as { table: unknown }[])[0]?.table).to.deep.equal({ input: 0.009, output: 0.9 });
    });

    it('says so where nobody has a price (1), and where it was asked wrongly (2)', async () => {
      const cases: [string[], number, string][] = [
        [['no-such-model'], 1, '"no-such-model"'], [['gpt-4o', '--provider', 'groq'], 1, 'at groq'],
        [['gemma-3-27b-it', '--provider', 'gemini'], 1, 'at gemini'], [['claude-opus-5', '--provider', 'gemini'], 1, 'at gemini'],
        [['gpt-4o', '--provider', 'nobody'], 2, 'nobody'], [['gpt-4o', '--at', '2026-02-30'], 2, '2026-02-30'],
      ];
      for (const [argv, expected, named] of cases) {
        const { code, stderr } = await gateway(['prices', 'show', ...argv]);
        expect(code, argv.join(' ')).to.equal(expected);
        expect(stderr).to.include(named).and.include('Fix:');
      }
      const { code, stderr } = await gateway(['prices', 'show', 'gpt-4o'], { PRICES_FILE: 'missing.yaml' });
      expect(code).to.equal(2);
      expect(stderr).to.include('missing.yaml');
    });
  });

  describe('gateway prices check', () => {
    it('lists models of the log whose calls have no cost, the most used first', async () => {
      await writeLog([
        { model: 'priced' }, { model: 'own' }, { model: 'dep', provider: 'azure-openai', responseModel: 'dep-2026' }, { model: 'own', receivedAt: Date.UTC(2026, 9, 2) },
        { model: 'no-tokens', usage: undefined }, { model: 'gpt-4o' },
      ]);
      const { code, value } = await json(['prices', 'check']);
      expect(code).to.equal(1);
      expect(value).to.deep.equal({
        calls: 5,
        models: [
          { provider: 'openai', model: 'own', response_model: null, calls: 2, last_seen: '2026-10-02T00:00:00.000Z', priced_now: false },
          { provider: 'azure-openai', model: 'dep', response_model: 'dep-2026', calls: 1, last_seen: '2026-10-01T00:00:00.000Z', priced_now: false },
          { provider: 'openai', model: 'gpt-4o', response_model: null, calls: 1, last_seen: '2026-10-01T00:00:00.000Z', priced_now: true },
        ],
      });
      const { stdout } = await gateway(['prices', 'check']);
      expect(stdout).to.match(/own .*│ +2 │ 2026-10-02T00:00:00.000Z │ unknown/).and.match(/gpt-4o .*known now/).and.not.include('no-tokens');
    });

    it('is content where every call has a cost, or where there is none', async () => {
      expect(await gateway(['prices', 'check'])).to.deep.include({ code: 0, stderr: '' });
      await writeLog([{ model: 'priced' }]);
      const { code, stdout } = await gateway(['prices', 'check']);
      expect(code).to.equal(0);
      expect(stdout).to.include('All 1 calls');
    });

    it('is content once PRICES_FILE knows the models', async () => {
      await writeLog([{ model: 'own' }]);
      await writeFile(join(dir, 'prices.json'), JSON.stringify([{ model: 'own', input: 1, output: 1 }]));
      expect((await gateway(['prices', 'check'])).code).to.equal(1);
      expect((await gateway(['prices', 'check'], { PRICES_FILE: 'prices.json' })).code).to.equal(0);
    });
  });
});
