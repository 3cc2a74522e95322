import { resolve } from 'node:path';
import { gatewayKeys } from '../config/access-lists.js';
import type { Config, GatewayKey, LogLevel } from '../config/config.js';
import { expandHome } from '../config/data-dir.js';
import { readSecretFile } from '../config/secret-file.js';
import { InvalidValue } from '../config/variable.js';
import { Failure } from '../domain/failure.js';
import { upstreamsFrom } from '../gateway/create.js';
import { keyNames, type Named, type Upstream } from '../gateway/upstream.js';

/** What may change while the gateway runs. */
export interface LiveSettings {
  readonly logLevel: LogLevel;
  readonly apiKeys: readonly GatewayKey[];
  /** The keys that the gateway holds, by provider. */
  readonly providerKeys: Readonly<Record<string, Named>>;
}

const GATEWAY_KEYS = 'GATEWAY_API_KEYS';

/** Whether any secret is in a file that may change by itself. */
export function hasSecretFiles(config: Config): boolean {
  const names = upstreamsFrom((name) => config.variable(name)).flatMap(({ provider }) => keyNames(provider));
  return [GATEWAY_KEYS, ...names].some((name) => config.variable(`${name}_FILE`) !== undefined);
}

/**
 * Reads what may change: of the configuration, and of the files of secrets that it names. A file wins over the variable
 * that holds the same secret itself.
 *
 * @throws Failure that names the variable and its file, and nothing that it holds
 */
export async function readLiveSettings(config: Config): Promise<LiveSettings> {
  const variable = (name: string): Named | undefined => {
    const found = config.variable(name);
    return found === undefined ? undefined : { variable: name, ...found };
  };
  const list = await secretIn(variable(`${GATEWAY_KEYS}_FILE`), keysFromFile);
  const providerKeys: Record<string, Named> = {};
  for (const { provider, key } of upstreamsFrom((name) => config.variable(name))) {
    const file = keyNames(provider).map((name) => variable(`${name}_FILE`)).find((found) => found !== undefined);
    const secret = await secretIn(file, providerKey);
    const held = file !== undefined && secret !== undefined ? { ...file, value: secret } : key;
    if (held !== undefined) providerKeys[provider.name] = held;
  }
  return { logLevel: config.logLevel, apiKeys: list ?? config.server.apiKeys, providerKeys };
}

/** Puts the keys that the gateway holds in force; requests under way keep theirs. */
export function holdKeys(upstreams: readonly Upstream[], { providerKeys }: LiveSettings): void {
  for (const upstream of upstreams) (upstream as { key: Named | undefined }).key = providerKeys[upstream.provider.name];
}

async function secretIn<T>(file: Named | undefined, parse: (text: string) => T): Promise<T | undefined> {
  if (file === undefined) return undefined;
  try {
    return parse(await readSecretFile(resolve(expandHome(file.value))));
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw new Failure({
      code: 'bad_secret_file', message: `${file.variable}=${file.value}: ${error.message}`,
      fix: error.fix ?? `Correct the file, or ${file.variable}.`, cause: error,
    });
  }
}

/** As GATEWAY_API_KEYS, or one label:key a line; lines that begin with # are comments. */
function keysFromFile(text: string): GatewayKey[] {
  const entries = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const keys = gatewayKeys(entries.join(','));
  if (keys.length === 0) throw new InvalidValue('holds no key', 'Write label:key into the file, one a line.');
  return keys;
}

function providerKey(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new InvalidValue('must hold one key: printable ASCII without spaces, on one line');
  return text;
}
