import { Failure } from '../domain/failure.js';
import { isRecord, show } from './json-shape.js';
import type { PriceOverride } from './price-override.js';
import type { PriceTable, Rate } from './price-table.js';
import { parseUtcTime, UTC_TIME_SHAPES } from './utc-time.js';

const RATE_FIELDS = [
  'input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'inputAudio', 'cachedAudio', 'inputImage', 'cachedImage',
  'output', 'reasoning', 'outputAudio', 'outputImage',
] as const satisfies readonly (keyof PriceTable)[];
const PIECE_FIELDS = ['perRequest', 'perSearch'] as const satisfies readonly (keyof PriceTable)[];
const FIELDS: readonly string[] = ['provider', 'model', 'from', ...RATE_FIELDS, ...PIECE_FIELDS, 'baseModel', 'multiplier', 'serviceTiers', 'regions'];
const AMOUNT = 'Give a number that is not negative, in US dollars, for example 2.5.';
const FACTOR = 'Give a number that is not negative, for example 0.5 for half the price.';

export interface EntryContext {
  /** The file as the user named it. */
  readonly file: string;
  /** Position in the file, from 1. */
  readonly position: number;
  readonly knowsProvider: (name: string) => boolean;
}

/** Checks one entry of PRICES_FILE. @throws Failure that names file, entry, field and fix */
export function readOverride(raw: unknown, { file, position, knowsProvider }: EntryContext): PriceOverride {
  const place = `entry ${position} of ${file}`;
  const fail = (problem: string, fix: string): Failure => new Failure({
    code: 'prices_file_invalid', message: `PRICES_FILE: ${place}: ${problem}`, fix,
  });
  if (!isRecord(raw)) throw fail('is not an object', 'Give each entry as an object with provider, model and prices.');

  for (const name of Object.keys(raw)) {
    if (!FIELDS.includes(name)) throw fail(`the field ${show(name)} is unknown`, `Use these fields: ${FIELDS.join(', ')}.`);
  }
  const text = (name: string): string | undefined => {
    const value = raw[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value.trim() === '') throw fail(`${name} is ${show(value)}`, `Give ${name} as a text, in quotes where it looks like a number.`);
    return value.trim();
  };
  const number = (name: string, value: unknown, fix: string): number => {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw fail(`${name} is ${show(value)}`, fix);
    return value;
  };
  const rate = (name: string, value: unknown): Rate => {
    if (!isRecord(value)) return number(name, value, AMOUNT);
    const { base, tiers, ...rest } = value;
    const shape = `Give ${name} as a number, or as { base: 2.5, tiers: [{ start: 200000, price: 5 }] }.`;
    if (!Array.isArray(tiers) || Object.keys(rest).length > 0) throw fail(`${name} is ${show(value)}`, shape);
    const read = tiers.map((tier: unknown, i) => {
      if (!isRecord(tier) || Object.keys(tier).some((key) => key !== 'start' && key !== 'price')) throw fail(`${name}.tiers[${i}] is ${show(tier)}`, shape);
      return { start: number(`${name}.tiers[${i}].start`, tier.start, shape), price: number(`${name}.tiers[${i}].price`, tier.price, AMOUNT) };
    });
    return { base: number(`${name}.base`, base, AMOUNT), tiers: read.sort((a, b) => a.start - b.start) };
  };

  const model = text('model');
  if (model === undefined) throw fail('model is missing', 'Name the model; `*` stands for any characters.');
  const provider = text('provider')?.toLowerCase();
  if (provider !== undefined && !knowsProvider(provider)) {
    throw fail(`provider ${show(provider)} is unknown`, 'Use a name that `gateway providers` lists, or leave provider out for all of them.');
  }

  const fromText = text('from');
  const from = fromText === undefined ? undefined : parseUtcTime(fromText);
  if (fromText !== undefined && from === undefined) throw fail(`from is ${show(fromText)}`, UTC_TIME_SHAPES);

  const table: Record<string, Rate> = {};
  for (const name of RATE_FIELDS) if (raw[name] !== undefined) table[name] = rate(name, raw[name]);
  for (const name of PIECE_FIELDS) if (raw[name] !== undefined) table[name] = number(name, raw[name], AMOUNT);
  const ownRates = Object.keys(table).length > 0;
  if (ownRates && table.input === undefined && table.output === undefined) {
    throw fail('has neither input nor output', 'Give both prices per million tokens; 0 is a price.');
  }

  const factors = (name: string, example: string): Record<string, number> => {
    const value = raw[name];
    if (value === undefined) return {};
    if (!isRecord(value)) throw fail(`${name} is ${show(value)}`, `Give multipliers, for example ${example}.`);
    return Object.fromEntries(Object.entries(value).map(([key, factor]) => [key.toLowerCase(), number(`${name}.${key}`, factor, FACTOR)]));
  };
  const serviceTiers = factors('serviceTiers', '{ batch: 0.5, flex: 0.5 }');
  const regions = factors('regions', '{ us: 1.1, "*": 1.1 }');

  const baseModel = text('baseModel');
  if (baseModel !== undefined && ownRates) throw fail('has prices and baseModel', 'Give prices of its own, or the model whose prices hold.');
  if (!ownRates && baseModel === undefined && raw.multiplier === undefined && raw.serviceTiers === undefined
    && raw.regions === undefined) {
    throw fail('says no price', 'Give input and output, or baseModel, multiplier, serviceTiers or regions.');
  }
  return {
    place,
    ...(provider === undefined ? {} : { provider }),
    model,
    ...(from === undefined ? {} : { from }),
    ...(ownRates ? { table } : {}),
    ...(baseModel === undefined ? {} : { baseModel }),
    multiplier: raw.multiplier === undefined ? 1 : number('multiplier', raw.multiplier, FACTOR),
    serviceTiers,
    regions,
  };
}
