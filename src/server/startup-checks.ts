import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { Failure } from '../domain/failure.js';
import { isLoopbackAddress, isLoopbackHost } from '../gateway/access.js';
import { isAnyHost } from './listen.js';
import { isBuiltIn } from '../gateway/create.js';
import type { ReadVariable, Upstream } from '../gateway/upstream.js';

/** Variables that make the AWS credential chain yield something, beside the shared files. */
const AWS_CREDENTIALS = [
  'AWS_ACCESS_KEY_ID', 'AWS_BEARER_TOKEN_BEDROCK', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

export interface Exposure {
  readonly host: string;
  readonly locked: boolean;
  readonly allowOpen: boolean;
  readonly upstreams: readonly Upstream[];
  readonly variable: ReadVariable;
}

/**
 * Refuses to start where others than this machine's programs reach the gateway, it has something that costs the
 * operator, and no gateway key says who may use it (proxy.md, rule 7).
 */
export function checkExposure({ host, locked, allowOpen, upstreams, variable }: Exposure): void {
  if (locked || allowOpen || isLoopbackHost(host)) return;
  const held = lendable(upstreams, variable);
  if (held.length === 0) return;
  throw new Failure({
    code: 'open_gateway',
    message: `HOST=${host}: strangers can reach the gateway, it has something to lend (${held.join(', ')}), and no gateway key is configured`,
    fix: 'Set GATEWAY_API_KEYS=label:key (clients then need a key), listen on 127.0.0.1, or say --allow-open.',
  });
}

/** Variables that give the gateway something that costs the operator: keys, AWS credentials, keyless servers. */
export function lendable(upstreams: readonly Upstream[], variable: ReadVariable): string[] {
  const names = [
    ...upstreams.flatMap(({ key }) => (key === undefined ? [] : [key.variable])),
    ...AWS_CREDENTIALS.filter((name) => variable(name) !== undefined),
    // Ollama's own address is only a default: it does not mean that there is a server.
    ...upstreams.flatMap(({ provider, override }) => (provider.auth !== 'none' || provider.free === true ? [] : override !== undefined ? [override.variable]
      : !isBuiltIn(provider.name) ? [`${provider.name} of CUSTOM_PROVIDERS`] : [])),
  ];
  return [...new Set(names)];
}

const SHORT_KEY = 16;

/** Gateway keys that are better replaced. */
export function keyWarnings(keys: readonly { readonly label: string; readonly key: string }[]): string[] {
  const short = keys.filter(({ key }) => key.length < SHORT_KEY).map(({ label }) => label);
  return short.length === 0 ? [] : [`GATEWAY_API_KEYS: keys under ${SHORT_KEY} characters can be guessed: ${short.join(', ')}`];
}

/** Refuses a base URL that leads back to this gateway (proxy.md, rule 3). */
export async function checkLoops(upstreams: readonly Upstream[], host: string, port: number): Promise<void> {
  if (port === 0) return;
  for (const { override } of upstreams) {
    if (override === undefined) continue;
    const url = new URL(override.value);
    if (Number(url.port || (url.protocol === 'https:' ? 443 : 80)) !== port) continue;
    const name = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = await lookup(name, { all: true }).catch(() => []);
    if (!addresses.some(({ address }) => isOurs(address, host))) continue;
    throw new Failure({
      code: 'base_url_loop',
      message: `${override.variable}=${override.value}: is the address of this gateway itself`,
      fix: `Set ${override.variable} to the provider's address, or choose another port with --port.`,
    });
  }
}

function isOurs(address: string, host: string): boolean {
  if (isLoopbackAddress(address) && (isLoopbackHost(host) || isAnyHost(host))) return true;
  if (address === host) return true;
  return isAnyHost(host)
    && Object.values(networkInterfaces()).some((list) => list?.some((entry) => entry.address === address) === true);
}

/** Things that work but that an operator should know. */
export function startupWarnings(upstreams: readonly Upstream[]): string[] {
  return upstreams.flatMap(({ provider, origin, override }) => {
    if (origin === undefined || override === undefined || !origin.startsWith('http:')) return [];
    if (isLoopbackHost(new URL(origin).hostname.replace(/^\[|\]$/g, ''))) return [];
    return [`${override.variable}: keys for ${provider.name} go over plain http to ${new URL(origin).host}`];
  });
}
