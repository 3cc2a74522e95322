import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ConditionalPrice, ModelInfo, Provider } from '@pydantic/genai-prices';
import { BoundedMap } from '../domain/bounded-map.js';
import { correctionOf, CORRECTIONS_VERSION } from './corrections.js';
import { libraryTable } from './library-table.js';
import { namesOtherModel } from './model-match.js';
import { listNames } from './model-names.js';
import type { PriceTable } from './price-table.js';
import { priceAt, type ScheduledPrice } from './schedule.js';

/** A model of the library, or of the corrections to it, and its table at the time asked for. */
export interface ListPrice {
  readonly source: 'genai-prices' | 'corrections';
  readonly version: string;
  /** `openai/gpt-4o`, in the library's names. */
  readonly id: string;
  readonly table: PriceTable;
  /** Audio without a rate of its own costs what text costs; elsewhere many times that. */
  readonly oneRateForAll: boolean;
  /** All its prices, with the times at which they hold. */
  readonly schedule: readonly ScheduledPrice[];
}

/** `@pydantic/genai-prices` and our corrections to it, behind an interface of ours. */
export interface LibraryPrices {
  /** The package's version. */
  readonly version: string;
  /**
   * The price of a model at `at` (milliseconds since the epoch), or undefined where none is known.
   * `providerId` is the library's own id of the provider. Never throws.
   */
  find(providerId: string, model: string, at: number): ListPrice | undefined;
}

/** A model that was found, with the price that holds always where it has only one. */
interface Match extends Omit<ListPrice, 'table'> {
  readonly always?: ListPrice;
}

const PACKAGE = '@pydantic/genai-prices';
const MEMO_LIMIT = 10_000;
/** Whose prices a cloud takes over for models that its own list lacks. Others (DeepSeek, xAI on Azure) it sells at prices of its own. */
const SAME_PRICES: Readonly<Record<string, readonly string[]>> = { azure: ['openai', 'anthropic'], google: ['anthropic'] };

/** Google says one rate for input or output of every kind where audio has none of its own. */
const ONE_RATE_FOR_ALL = 'google';

/** Loads the library and its data, which are part of the package: nothing is fetched. */
export async function loadLibraryPrices(): Promise<LibraryPrices> {
  const { calcPrice, findProvider } = await import('@pydantic/genai-prices');
  const version = await packageVersion();

  const provider = (id: string): Provider | undefined => {
    const found = findProvider({ providerId: id });
    // The library also guesses a provider from parts of a name; a guessed price would be a wrong one.
    return found?.id === id ? found : undefined;
  };

  /** The list that a model stands in: the provider's own, or one whose prices it takes over. */
  const listOf = (providerId: string, model: ModelInfo): string | undefined =>
    [providerId, ...(SAME_PRICES[providerId] ?? [])].find((id) => provider(id)?.models.includes(model) === true);

  const match = (providerId: string, name: string): Match | undefined => {
    if (provider(providerId) === undefined) return undefined;
    for (const id of [providerId, ...(SAME_PRICES[providerId] ?? [])]) {
      const correction = correctionOf(id, name);
      if (correction !== undefined) {
        return {
          source: 'corrections', version: CORRECTIONS_VERSION, id: `${id}/${name}`, oneRateForAll: id === ONE_RATE_FOR_ALL, schedule: correction.prices,
        };
      }
    }
    const found = calcPrice({}, name, { providerId });
    if (found === null || namesOtherModel(found.model.match, found.model.id, name)) return undefined;
    const list = listOf(providerId, found.model);
    return list === undefined ? undefined : {
      source: 'genai-prices', version, id: `${providerId}/${found.model.id}`, oneRateForAll: list === ONE_RATE_FOR_ALL, schedule: scheduleOf(found.model),
    };
  };

  const memos = new Map<string, BoundedMap<Match | null>>();
  const memoOf = (providerId: string): BoundedMap<Match | null> => {
    let memo = memos.get(providerId);
    if (memo === undefined) memos.set(providerId, memo = new BoundedMap(MEMO_LIMIT));
    return memo;
  };
  return {
    version,
    find: (providerId, model, at) => {
      try {
        const memo = memoOf(providerId);
        let matched = memo.get(model);
        if (matched === undefined) {
          matched = withFixedPrice(firstOf(listNames(providerId, model), (name) => match(providerId, name)));
          memo.set(model, matched);
        }
        if (matched === null) return undefined;
        if (matched.always !== undefined) return matched.always;
        const table = priceAt(matched.schedule, at);
        return table === undefined ? undefined : { ...matched, table };
      } catch {
        // The library throws where its data does not fit its own rules: such a price is unknown.
        return undefined;
      }
    },
  };
}

/** Most models have one price, whenever that is asked for: it is made once. */
function withFixedPrice(match: Match | undefined): Match | null {
  if (match === undefined) return null;
  const table = match.schedule.length === 1 ? match.schedule[0]?.table : undefined;
  return table === undefined ? match : { ...match, always: { ...match, table } };
}

function firstOf<T>(names: readonly string[], find: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function scheduleOf({ prices }: ModelInfo): ScheduledPrice[] {
  if (!Array.isArray(prices)) return [{ table: libraryTable(prices) }];
  return prices.map(({ constraint, prices: price }: ConditionalPrice): ScheduledPrice => {
    const table = libraryTable(price);
    if (constraint === undefined) return { table };
    if (constraint.type === 'start_date') return { from: Date.parse(constraint.start_date), table };
    return { hours: { start: bare(constraint.start_time), end: bare(constraint.end_time) }, table };
  });
}

/** `00:30:00Z` without its zone, which is always UTC. */
function bare(time: string): string {
  if (!/^\d\d:\d\d:\d\dZ$/.test(time)) throw new Error(`a time of day in another form: ${time}`);
  return time.slice(0, 8);
}

async function packageVersion(): Promise<string> {
  // The package exports no manifest: it lies above its entry point.
  const manifest = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), '..', 'package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  return version;
}
