import type { PriceTable, Rate } from './price-table.js';
import { namePattern } from './name-pattern.js';
import type { ScheduledPrice } from './schedule.js';

/** A price that `@pydantic/genai-prices` has wrong or not at all; a unit test says when an entry is no longer needed. */
export interface Correction {
  /** The library's ids of the providers that it holds for. */
  readonly providers: readonly string[];
  /** Names of the model; `*` stands for any characters. */
  readonly models: readonly string[];
  /** Who says so. */
  readonly source: string;
  readonly prices: readonly ScheduledPrice[];
}

/** The newest day on which an entry was held against its source: the `price_version` of what they price. */
export const CORRECTIONS_VERSION = '2026-11-27';

const ANTHROPIC = 'https://platform.claude.com/docs/en/about-claude/pricing';
const BEDROCK = 'https://aws.amazon.com/bedrock/pricing/';
const DEEPSEEK = 'https://api-docs.deepseek.com/quick_start/pricing';
const MISTRAL = 'https://mistral.ai/pricing';
const OPENAI = 'https://developers.openai.com/api/docs/pricing';

/** Anthropic's cache rates follow from the input rate, save that of reading. */
function claude(input: number, cacheRead: number, output: number, regional = 1): PriceTable {
  const rate = (price: number): number => Number((price * regional).toPrecision(12));
  return {
    input: rate(input), cacheRead: rate(cacheRead), cacheWrite: rate(input * 1.25), cacheWrite1h: rate(input * 2), output: rate(output), perSearch: 0.01,
  };
}

function haiku55(regional = 1): PriceTable {
  const long = claude(0.5, 0.05, 2.5, regional);
  const { perSearch = 0, ...rates } = claude(0.1, 0.01, 0.5, regional);
  const tiered = Object.entries(rates as Record<string, number>).map(([name, base]): [string, Rate] => (
    [name, { base, tiers: [{ start: 100_000, price: long[name as keyof PriceTable] as number }] }]));
  return { ...Object.fromEntries(tiered), perSearch };
}

function sonnet55(regional = 1): ScheduledPrice[] {
  return [
    { table: claude(2, 0.2, 10, regional) },
    { from: Date.UTC(2026, 9, 7), table: claude(2, 0.1, 10, regional) },
  ];
}

/** DeepSeek's peak hours cost twice as much; since V4.1 only from Monday to Friday. */
function peaks(from: number, table: PriceTable, days: { readonly workdays?: true } = {}): ScheduledPrice[] {
  const double = Object.fromEntries(Object.entries(table as Record<string, number>).map(([name, rate]) => [name, rate * 2]));
  return [
    { from, table },
    { from, hours: { start: '01:00:00', end: '04:00:00' }, ...days, table: double },
    { from, hours: { start: '06:00:00', end: '10:00:00' }, ...days, table: double },
  ];
}

const WEEKDAYS = { workdays: true } as const;
const PEAK_PRICES = Date.UTC(2026, 7, 16, 16);
const V41_FLASH = Date.UTC(2026, 8, 10, 4);
const V4_FLASH: PriceTable = { input: 0.14, cacheRead: 0.0028, output: 0.28 };
const FLASH = peaks(V41_FLASH, { input: 0.15, cacheRead: 0.003, output: 0.6 }, WEEKDAYS);

/** A name that DeepSeek retired on 24 July 2026, with its price by day in 2025. */
function legacy(day: PriceTable): ScheduledPrice[] {
  return [
    { table: { input: 0.135, cacheRead: 0.035, output: 0.55 } },
    { hours: { start: '00:30:00', end: '16:30:00' }, table: day },
    { from: Date.UTC(2025, 8, 5, 16), table: undefined },
    { from: Date.UTC(2026, 3, 24), table: V4_FLASH },
    { from: Date.UTC(2026, 6, 24, 16), table: undefined },
  ];
}

const GEOGRAPHIES = ['us', 'eu', 'jp', 'au', 'apac'];

function regionalIds(model: string): string[] {
  return [`anthropic.${model}*`, `${model}*`, ...GEOGRAPHIES.map((geography) => `${geography}.anthropic.${model}*`)];
}

export const CORRECTIONS: readonly Correction[] = [
  // The list has no rates of audio for these, and audio costs many times what text costs.
  { providers: ['openai'], models: ['gpt-4o-audio-preview*'], source: OPENAI,
    prices: [{ table: { input: 2.5, output: 10, inputAudio: 40, outputAudio: 80 } }] },
  { providers: ['openai'], models: ['gpt-4o-mini-audio-preview*'], source: OPENAI,
    prices: [{ table: { input: 0.15, output: 0.6, inputAudio: 10, outputAudio: 20 } }] },
  // Fine-tuned models: cached input is half the input's rate (a quarter for GPT-4.1 and o4-mini).
  { providers: ['openai'], models: ['ft:gpt-4o-2024-*'], source: OPENAI, prices: [{ table: { input: 3.75, cacheRead: 1.875, output: 15 } }] },
  { providers: ['openai'], models: ['ft:gpt-4o-mini-2024-*'], source: OPENAI, prices: [{ table: { input: 0.3, cacheRead: 0.15, output: 1.2 } }] },
  { providers: ['openai'], models: ['ft:gpt-4.1-2025-*'], source: OPENAI, prices: [{ table: { input: 3, cacheRead: 0.75, output: 12 } }] },
  { providers: ['openai'], models: ['ft:gpt-4.1-mini-2025-*'], source: OPENAI, prices: [{ table: { input: 0.8, cacheRead: 0.2, output: 3.2 } }] },
  { providers: ['openai'], models: ['ft:gpt-4.1-nano-2025-*'], source: OPENAI, prices: [{ table: { input: 0.2, cacheRead: 0.05, output: 0.8 } }] },
  { providers: ['openai'], models: ['ft:o4-mini-2025-*'], source: OPENAI, prices: [{ table: { input: 4, cacheRead: 1, output: 16 } }] },
  // OpenAI gives these weights away; who serves them has a price of his own.
  { providers: ['openai'], models: ['gpt-oss-120b', 'gpt-oss-20b'], source: OPENAI, prices: [{ table: undefined }] },
  // Where `-latest` and bare names lead today.
  { providers: ['mistral'], models: ['mistral-large-latest'], source: MISTRAL,
    prices: [{ table: { input: 2, output: 6 } }, { from: Date.UTC(2025, 11, 2), table: { input: 0.5, cacheRead: 0.05, output: 1.5 } }] },
  { providers: ['mistral'], models: ['mistral-small-latest', 'magistral-small-latest'], source: MISTRAL,
    prices: [{ table: { input: 0.15, cacheRead: 0.015, output: 0.6 } }] },
  { providers: ['mistral'], models: ['mistral-medium', 'magistral-medium-latest'], source: MISTRAL,
    prices: [{ table: { input: 1.5, cacheRead: 0.15, output: 7.5 } }] },
  { providers: ['mistral'], models: ['codestral-latest'], source: MISTRAL, prices: [{ table: { input: 0.3, cacheRead: 0.03, output: 0.9 } }] },
  { providers: ['aws'], models: ['amazon.titan-embed-text-v2:0'], source: BEDROCK, prices: [{ table: { input: 0.02 } }] },
  { providers: ['anthropic', 'google'], models: ['claude-sonnet-5-5', 'claude-sonnet-5-5-20*', 'claude-sonnet-5-5@*'], source: ANTHROPIC, prices: sonnet55() },
  { providers: ['aws'], models: ['global.anthropic.claude-sonnet-5-5*'], source: BEDROCK, prices: sonnet55() },
  { providers: ['aws'], models: regionalIds('claude-sonnet-5-5'), source: BEDROCK, prices: sonnet55(1.1) },
  { providers: ['anthropic', 'google'], models: ['claude-haiku-5-5', 'claude-haiku-5-5-20*', 'claude-haiku-5-5@*'], source: ANTHROPIC,
    prices: [{ table: haiku55() }] },
  { providers: ['aws'], models: ['global.anthropic.claude-haiku-5-5*'], source: BEDROCK, prices: [{ table: haiku55() }] },
  { providers: ['aws'], models: regionalIds('claude-haiku-5-5'), source: BEDROCK, prices: [{ table: haiku55(1.1) }] },
  // No higher price of long prompts any more, on Vertex AI as little as at Anthropic.
  { providers: ['google'], models: ['claude-opus-4-6', 'claude-opus-4-6@*'], source: ANTHROPIC, prices: [
    { table: {
      input: tier(5, 10), cacheRead: tier(0.5, 1), cacheWrite: tier(6.25, 12.5), cacheWrite1h: null, output: tier(25, 37.5),
    } },
    { from: Date.UTC(2026, 2, 13), table: { input: 5, cacheRead: 0.5, cacheWrite: 6.25, cacheWrite1h: null, output: 25 } },
  ] },
  // In their last months names of V4 Flash; what they cost between the discount of the night and then is not known here.
  { providers: ['deepseek'], models: ['deepseek-chat'], source: DEEPSEEK, prices: legacy({ input: 0.27, cacheRead: 0.07, output: 1.1 }) },
  { providers: ['deepseek'], models: ['deepseek-reasoner'], source: DEEPSEEK, prices: legacy({ input: 0.55, cacheRead: 0.14, output: 2.19 }) },
  { providers: ['deepseek'], models: ['deepseek-flash'], source: DEEPSEEK, prices: FLASH },
  { providers: ['deepseek'], models: ['deepseek-v4-flash*'], source: DEEPSEEK,
    prices: [{ table: V4_FLASH }, ...peaks(PEAK_PRICES, { input: 0.22, cacheRead: 0.007, output: 0.66 }), ...FLASH] },
  { providers: ['deepseek'], models: ['deepseek-v4-pro*'], source: DEEPSEEK, prices: [
    { table: { input: 0.435, cacheRead: 0.003625, output: 0.87 } },
    ...peaks(PEAK_PRICES, { input: 0.66, cacheRead: 0.022, output: 1.98 }),
    ...peaks(V41_FLASH, { input: 0.66, cacheRead: 0.022, output: 1.98 }, WEEKDAYS),
  ] },
];

function tier(base: number, price: number): Rate {
  return { base, tiers: [{ start: 200_000, price }] };
}

const BY_PROVIDER = indexed();

function indexed(): ReadonlyMap<string, readonly { readonly matches: (name: string) => boolean; readonly correction: Correction }[]> {
  const index = new Map<string, { matches: (name: string) => boolean; correction: Correction }[]>();
  for (const correction of CORRECTIONS) {
    for (const provider of correction.providers) {
      const list = index.get(provider) ?? [];
      for (const model of correction.models) list.push({ matches: namePattern(model), correction });
      index.set(provider, list);
    }
  }
  return index;
}

/** The entry for a model, where the library is wrong about it. */
export function correctionOf(providerId: string, model: string): Correction | undefined {
  const name = model.toLowerCase();
  return BY_PROVIDER.get(providerId)?.find(({ matches }) => matches(name))?.correction;
}
