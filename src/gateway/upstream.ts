import { Failure } from '../domain/failure.js';
import type { Provider } from '../domain/provider.js';

/** A configuration value and the variable that gave it. */
export interface Named {
  readonly variable: string;
  readonly value: string;
  readonly source: string;
}

/** A provider bound to this process's configuration: where it is and which key the gateway holds. */
export interface Upstream {
  readonly provider: Provider;
  /** Scheme, host and port; undefined when nothing says where this provider is. */
  readonly origin: string | undefined;
  /** What the canonical `/v1` becomes. */
  readonly root: string;
  /** Put before native paths; empty unless the configured address is a mount point. */
  readonly mount: string;
  readonly override: Named | undefined;
  /** The key that the gateway holds; it may change while the gateway runs. */
  readonly key: Named | undefined;
  /** Streams may be asked for their usage, at paths whose rule says so (`<PROVIDER>_STREAM_USAGE`). */
  readonly streamUsage: boolean;
}

export type ReadVariable = (name: string) => { value: string; source: string } | undefined;

/** `azure-openai` → `AZURE_OPENAI`: the first part of a provider's variables. */
export function variablePrefix(provider: string): string {
  return provider.toUpperCase().replaceAll('-', '_');
}

/** The variables that may hold a provider's key, the first that is set counts. */
export function keyNames({ name, keyVariables = [] }: Provider): string[] {
  return [`${variablePrefix(name)}_API_KEY`, ...keyVariables];
}

/** Binds every provider; a bad address is a Failure that names its variable. */
export function bindUpstreams(providers: readonly Provider[], variable: ReadVariable): Upstream[] {
  for (const name of AWS_IN_HEADERS) usable(first([name], variable));
  return providers.map((provider) => bind(provider, variable));
}

function bind(provider: Provider, variable: ReadVariable): Upstream {
  const prefix = variablePrefix(provider.name);
  const override = first([`${prefix}_BASE_URL`, ...(provider.baseUrlVariables ?? [])], variable);
  const key = usable(first(keyNames(provider), variable));
  const streamUsage = readStreamUsage(`${prefix}_STREAM_USAGE`, variable) ?? provider.streamUsage ?? true;
  if (override === undefined) {
    const origin = provider.origin;
    return { provider, origin, root: provider.root, mount: '', override, key, streamUsage };
  }
  return { provider, ...place(provider.root, override), override, key, streamUsage };
}

function readStreamUsage(name: string, variable: ReadVariable): boolean | undefined {
  const value = variable(name)?.value.toLowerCase();
  if (value === undefined) return undefined;
  if (['true', '1', 'yes', 'on'].includes(value)) return true;
  if (['false', '0', 'no', 'off'].includes(value)) return false;
  throw new Failure({
    code: 'bad_configuration',
    message: `${name}=${value}: must be true or false`,
    fix: `Set ${name}=false where the provider refuses stream_options, else remove it.`,
  });
}

/** AWS credentials that a signature puts into headers as they are. */
const AWS_IN_HEADERS = ['AWS_ACCESS_KEY_ID', 'AWS_SESSION_TOKEN'];

/** Refuses a key that no header can carry, at the start and not in the midst of a request. */
function usable(key: Named | undefined): Named | undefined {
  const bad = key === undefined ? null : /[^\x20-\x7e]/u.exec(key.value);
  if (key === undefined || bad === null) return key;
  throw new Failure({
    code: 'bad_configuration',
    message: `${key.variable}: character ${bad.index + 1} (U+${(bad[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}) cannot be sent in a header`,
    fix: `Correct ${key.variable} in ${key.source === '.env' ? 'the file .env' : 'the environment'}: copy the key again, without blanks and line ends.`,
  });
}

function first(names: readonly string[], variable: ReadVariable): Named | undefined {
  for (const name of names) {
    const found = variable(name);
    if (found !== undefined) return { variable: name, value: found.value, source: found.source };
  }
  return undefined;
}

/**
 * Reads a base URL. A trailing `/v1` is optional; an address that is the provider's own root, or a
 * part of it, keeps the provider's paths; any other path is a mount point for the API.
 */
function place(root: string, override: Named): { origin: string; root: string; mount: string } {
  const url = parseBaseUrl(override);
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  const stem = root.replace(/\/v1$/, '');
  if (path === '' || stem === path || stem.startsWith(`${path}/`)) return { origin: url.origin, root, mount: '' };
  return { origin: url.origin, root: root.endsWith('/v1') ? `${path}/v1` : `${path}${root}`, mount: path };
}

function parseBaseUrl(override: Named): URL {
  const bad = (why: string): Failure => new Failure({
    code: 'base_url_invalid',
    message: `${override.variable}: ${why}`,
    fix: `Set ${override.variable} to the provider's address, for example https://api.example.com/v1.`,
  });
  let url: URL;
  try {
    url = new URL(override.value);
  } catch {
    throw bad('is not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw bad('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw bad('must hold no credentials; use the variable of the API key');
  if (url.search !== '' || url.hash !== '') throw bad('must have no query string and no fragment');
  return url;
}
