import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ModelInfo, Provider } from '@pydantic/genai-prices';
import { BoundedMap } from '../domain/bounded-map.js';
import { libraryTable } from './library-table.js';
import type { PriceTable } from './price-table.js';

/** A model of the library and its table at the time asked for. */
export interface LibraryPrice {
  /** `openai/gpt-4o`, in the library's names. */
  readonly id: string;
  readonly table: PriceTable;
}

/** `@pydantic/genai-prices` behind an interface of ours. */
export interface LibraryPrices {
  /** The package's version. */
  readonly version: string;
  /**
   * The price of a model at `at` (milliseconds since the epoch), or undefined where the library has
   * none. `providerId` is the library's own id of the provider. Never throws.
   */
  find(providerId: string, model: string, at: number): LibraryPrice | undefined;
}

const PACKAGE = '@pydantic/genai-prices';
const MEMO_LIMIT = 10_000;
/** What Google's OpenAI-compatible interfaces put before a model's name. */
const PUBLISHER = /^(?:models|google)\//;

/** A match that was made: the model, priced once for all or anew for each point in time. */
interface Match {
  readonly id: string;
  readonly tableAt: (at: number) => PriceTable | undefined;
}

/** Loads the library and its data, which are part of the package: nothing is fetched. */
export async function loadLibraryPrices(): Promise<LibraryPrices> {
  const { calcPrice, findProvider } = await import('@pydantic/genai-prices');

  const match = (providerId: string, model: string): Match | undefined => {
    const provider = findProvider({ providerId });
    // The library also guesses a provider from parts of a name; a guessed price would be a wrong one.
    if (provider?.id !== providerId) return undefined;
    const found = calcPrice({}, model, { providerId }) ?? calcPrice({}, model.replace(PUBLISHER, ''), { providerId });
    if (found === null) return undefined;
    const id = `${found.provider.id}/${found.model.id}`;
    if (!Array.isArray(found.model.prices)) {
      const table = libraryTable(found.model.prices);
      return { id, tableAt: () => table };
    }
    const alone = onlyModel(found.provider, found.model);
    // Prices begin and end at whole seconds, and calls of one second are many.
    let second = NaN;
    let table: PriceTable | undefined;
    return {
      id,
      tableAt: (at) => {
        if (Math.floor(at / 1000) === second) return table;
        const then = calcPrice({}, model, { provider: alone, timestamp: new Date(at) });
        second = Math.floor(at / 1000);
        return table = then === null ? undefined : libraryTable(then.model_price);
      },
    };
  };

  const memo = new BoundedMap<Match | null>(MEMO_LIMIT);
  return {
    version: await packageVersion(),
    find: (providerId, model, at) => {
      try {
        const key = `${providerId}\n${model}`;
        let matched = memo.get(key);
        if (matched === undefined) memo.set(key, matched = match(providerId, model) ?? null);
        const table = matched?.tableAt(at);
        return matched === null || table === undefined ? undefined : { id: matched.id, table };
      } catch {
        // The library throws where its data does not fit its own rules: such a price is unknown.
        return undefined;
      }
    },
  };
}

/** The provider with one model that matches everything, so that asking it again costs no search. */
function onlyModel(provider: Provider, model: ModelInfo): Provider {
  return { ...provider, models: [{ ...model, match: { starts_with: '' } }] };
}

async function packageVersion(): Promise<string> {
  // The package exports no manifest: it lies above its entry point.
  const manifest = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), '..', 'package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  return version;
}
