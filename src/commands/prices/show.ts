import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import type { ExplainedPrice, TimedPrice } from '../../server/price-explanation.js';

const TITLES: Readonly<Record<string, string>> = {
  input: 'input', cacheRead: 'read from cache', cacheWrite: 'written to cache', cacheWrite1h: 'written to cache for 1 h',
  inputAudio: 'audio input', cachedAudio: 'cached audio input', inputImage: 'image input', cachedImage: 'cached image input',
  output: 'output', reasoning: 'reasoning', outputAudio: 'audio output', outputImage: 'image output',
};
const PIECES: Readonly<Record<string, string>> = { perRequest: 'request', perSearch: 'web search' };

export default class PricesShow extends BaseCommand {
  static override summary = 'show what a model costs, and where that price comes from';
  static override description = `Shows the price in force for a model at each provider that has one, or at one provider. PRICES_FILE comes before the built-in table (@pydantic/genai-prices, and corrections to it); what a provider itself says a call cost (OpenRouter, xAI, Perplexity) comes before both. Kinds of tokens without a row cost what input or output cost; audio without a row has no known cost, except at Google. Where the price depends on the day or the hour, all prices are shown.

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
    const table = (head: string[], rows: string[][]): string => renderTable({
      head, rows, align: ['left', head.length > 2 ? 'right' : 'left', 'left'], color: this.color, width: this.width,
    });
    this.out(grouped(prices).map(({ providers, price }) => [
      `${providers}: ${price.matched}, version ${price.version}`,
      table(['Tokens', 'US dollars', 'per'], rowsOf(price)),
      ...(price.schedule === undefined ? [] : [
        'All its prices, of which the last that holds is in force:', table(['When (UTC)', 'US dollars per million'], price.schedule.map(whenAndWhat)),
      ]),
    ].join('\n')).join('\n\n'));
    return { prices };
  }
}

interface PriceOfProviders {
  readonly providers: string;
  readonly price: ExplainedPrice;
}

/** An entry for all providers is shown once. */
function grouped(prices: readonly ExplainedPrice[]): PriceOfProviders[] {
  const groups = new Map<string, ExplainedPrice[]>();
  for (const price of prices) {
    const key = JSON.stringify({ ...price, provider: price.source === 'override' ? '' : price.provider });
    groups.set(key, [...(groups.get(key) ?? []), price]);
  }
  return [...groups.values()].map((group) => ({
    providers: group.map(({ provider }) => provider).join(', '), price: group[0] as ExplainedPrice,
  }));
}

function rowsOf({ table, serviceTiers, regions = {} }: ExplainedPrice): string[][] {
  const rows = Object.entries(table as RateTable).flatMap(([name, rate]) => {
    const title = TITLES[name] ?? '';
    const unit = PIECES[name] ?? 'million';
    if (rate === null || rate === undefined) return [[title, 'unknown', unit]];
    if (typeof rate !== 'object') return [[title, dollars(rate), unit]];
    return [[title, dollars(rate.base), unit],
      ...rate.tiers.map(({ start, price }) => ['', dollars(price), `${unit}, over ${start.toLocaleString('en')} input tokens`])];
  });
  return [
    ...rows,
    ...Object.entries(serviceTiers).map(([tier, factor]) => [`service tier ${tier}`, `× ${factor}`, '']),
    ...Object.entries(regions).map(([region, factor]) => [region === '*' ? 'any region but global' : `region ${region}`, `× ${factor}`, '']),
  ];
}

type RateTable = Readonly<Record<string, ExplainedPrice['table']['cacheWrite1h']>>;

/** One price of a schedule in a line: when it holds, and its rates. */
function whenAndWhat({ from, hours, workdays, table }: TimedPrice): string[] {
  const when = [
    from === undefined ? undefined : `from ${from.replace('T00:00:00.000Z', '').replace(':00.000Z', '')}`,
    workdays === true ? 'Monday to Friday' : undefined,
    hours === undefined ? undefined : `${hours.start.slice(0, 5)} to ${hours.end.slice(0, 5)}`,
  ].filter((part) => part !== undefined).join(', ');
  const rates = Object.entries((table ?? {}) as RateTable).filter(([name]) => PIECES[name] === undefined).map(([name, rate]) => {
    const text = rate === null || rate === undefined ? 'unknown' : typeof rate === 'number' ? dollars(rate) : `${dollars(rate.base)} and more`;
    return `${TITLES[name] ?? name} ${text}`;
  });
  return [when === '' ? 'otherwise' : when, table === null ? 'unknown' : rates.join(', ')];
}

/** Without the noise of binary fractions. */
function dollars(amount: number): string {
  return String(Number(amount.toPrecision(12)));
}
