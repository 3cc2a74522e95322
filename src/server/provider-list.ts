import type { Provider } from '../domain/provider.js';
import { upstreamsFrom } from '../gateway/create.js';
import { keyNames, type ReadVariable, type Upstream } from '../gateway/upstream.js';

/** A provider as `gateway providers` shows it. */
export interface ListedProvider {
  readonly name: string;
  readonly title: string;
  /** Address in force; null where nothing says one. May hold `{region}`, which each request fills in. */
  readonly base_url: string | null;
  /** Variable and source of the address (`OPENAI_BASE_URL, environment`); null for the provider's own. */
  readonly base_url_from: string | null;
  readonly dialects: readonly string[];
  /** Variables that may hold the key, in order; empty where none is needed. */
  readonly key_variables: readonly string[];
  /** Whether the gateway holds a key; null where only the AWS credential chain can say. */
  readonly key_set: boolean | null;
  /** Variable and source of the key (`OPENAI_API_KEY, .env`), never the key. */
  readonly key_from: string | null;
}

/**
 * Every provider as the configuration binds it, those of CUSTOM_PROVIDERS included.
 * @throws Failure for a name or an address that cannot be used
 */
export function listProviders(variable: ReadVariable): ListedProvider[] {
  return upstreamsFrom(variable).map((upstream) => listed(upstream, variable));
}

function listed({ provider, origin, mount, override, key }: Upstream, variable: ReadVariable): ListedProvider {
  const aws = provider.auth === 'aws-sigv4' && key === undefined ? awsVariable(variable) : undefined;
  const held = keyNames(provider).flatMap((name) => fileOf(name, variable) ?? [])[0] ?? key ?? aws;
  return {
    name: provider.name,
    title: provider.title,
    base_url: origin === undefined ? null : inRegion(provider, origin, variable) + mount,
    base_url_from: override === undefined ? null : `${override.variable}, ${override.source}`,
    dialects: dialectsOf(provider),
    key_variables: keyNames(provider),
    key_set: held !== undefined || (provider.auth === 'aws-sigv4' ? null : false),
    key_from: held === undefined ? (provider.auth === 'aws-sigv4' ? 'AWS credential chain' : null) : `${held.variable}, ${held.source}`,
  };
}

function fileOf(name: string, variable: ReadVariable): { variable: string; source: string } | undefined {
  const found = variable(`${name}_FILE`);
  return found === undefined ? undefined : { variable: `${name}_FILE`, source: found.source };
}

function awsVariable(variable: ReadVariable): { variable: string; source: string } | undefined {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE']) {
    const found = variable(name);
    if (found !== undefined) return { variable: name, source: found.source };
  }
  return undefined;
}

function inRegion({ region }: Provider, origin: string, variable: ReadVariable): string {
  const name = region?.variables.map((candidate) => variable(candidate)?.value).find((value) => value !== undefined);
  if (name === undefined) return origin;
  return name === 'global' && region?.globalOrigin !== undefined ? region.globalOrigin : origin.replace('{region}', name);
}

/** Names of the dialects at the provider's paths, each once, the most used ones first. */
export function dialectsOf({ dialects, defaultDialect }: Provider): string[] {
  return [...new Set([...dialects.map(({ dialect }) => dialect.name), defaultDialect.name])];
}
