import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import type { ExplainedPrice } from '../../server/price-explanation.js';

const TITLES: Readonly<Record<string, string>> = {
  input: 'input', cacheRead: 'read from cache', cacheWrite: 'written to cache', cacheWrite1h: 'written to cache for 1 h',
  inputAudio: 'audio input', cachedAudio: 'cached audio input', inputImage: 'image input', cachedImage: 'cached image input',
  output: 'output', reasoning: 'reasoning', outputAudio: 'audio output', outputImage: 'image output',
};
const PIECES: Readonly<Record<string, string>> = { perRequest: 'request', perSearch: 'search of the web' };

export default class PricesShow extends BaseCommand {
  static override summary = 'show what a model costs, and where that price comes from';
  static override description = `Shows the price in force for a model at each provider that has one, or at one provider. PRICES_FILE comes before the built-in table
(@pydantic/genai-prices); what a provider itself says a call cost (OpenRouter, xAI, Perplexity) comes before both. Kinds of tokens without a row cost what
input or output cost.

Exit codes: 0 shown; 1 no price is known; 2 wrong use.`;

  static override examples = [
    { description: 'what gpt-4o costs, everywhere', command: '<%= config.bin %> <%= command.id %> gpt-4o' },
    { description: 'at one provider', command: '<%= config.bin %> <%= command.id %> claude-sonnet-4-5 --provider anthropic' },
    { description: 'what it cost on a day in the past', command: '<%= config.bin %> <%= command.id %> o3 --provider openai --at 2025-06-01' },
  ];

  static override enableJsonFlag = true;
  static override args = { model: Args.string({ description: 'name of the model', required: true }) };
  static override flags = {
    provider: Flags.string({ description: 'one of those that `gateway providers` lists' }),
    at: Flags.string({ description: 'a day or time in UTC, such as 2026-06-01; now unless given' }),
  };

  async run(): Promise<{ prices: ExplainedPrice[] }> {
    const { args, flags } = await this.parse(PricesShow);
    const config = this.loadConfig();
    const [{ explainPrice }, { renderTable }] = await Promise.all([import('../../server/price-explanation.js'), import('../../cli/table.js')]);
    const prices = await explainPrice(config, { model: args.model, provider: flags.provider, at: flags.at });
    this.out(prices.map((price) => `${price.provider}: ${price.matched}, version ${price.version}\n${renderTable({
      head: ['Tokens', 'US dollars', 'per'], rows: rowsOf(price), align: ['left', 'right', 'left'], color: this.color, width: this.width,
    })}`).join('\n\n'));
    return { prices };
  }
}

function rowsOf({ table, serviceTiers }: ExplainedPrice): string[][] {
  const rows = Object.entries(table as Record<string, ExplainedPrice['table']['cacheWrite1h']>).flatMap(([name, rate]) => {
    const title = TITLES[name] ?? '';
    const unit = PIECES[name] ?? 'million';
    if (rate === null) return [[title, 'unknown', unit]];
    if (typeof rate !== 'object') return [[title, String(rate), unit]];
    return [[title, String(rate.base), unit], ...rate.tiers.map(({ start, price }) => ['', String(price), `${unit}, over ${start.toLocaleString('en')} input tokens`])];
  });
  return [...rows, ...Object.entries(serviceTiers).map(([tier, factor]) => [`service tier ${tier}`, `× ${factor}`, ''])];
}
