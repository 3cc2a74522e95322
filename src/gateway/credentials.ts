import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { AuthStyle } from '../domain/provider.js';
import { parameter } from './target.js';
import type { Upstream } from './upstream.js';

/** The literal key that means "use the gateway's own". */
const PLACEHOLDER = 'gateway';

/** Places of a credential: headers, and the query parameter `key`. */
const PLACES: readonly string[] = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', '?key'];

const PLACES_OF: Readonly<Record<AuthStyle, readonly string[]>> = {
  bearer: ['authorization'],
  'x-api-key': ['x-api-key'],
  'api-key': ['api-key'],
  'x-goog-api-key': ['x-goog-api-key', '?key'],
  'aws-sigv4': ['authorization'],
  none: ['authorization'],
};

const NONE: readonly AuthStyle[] = [];

/** What is to happen with the credentials of one request. */
export interface Admission {
  /** Label of the gateway key that was used. */
  readonly client: string | undefined;
  /** The gateway's key is to be used upstream. */
  readonly useOwnKey: boolean;
  /** The client sent a credential of its own for this provider. */
  readonly clientHasKey: boolean;
  /** The places (`authorization`, …, `?key`) whose content must not go upstream. */
  readonly remove: readonly string[];
}

export interface Refusal {
  readonly refused: 'no-gateway-key' | 'no-own-key';
  /** Label of the gateway key that was used, if one was. */
  readonly client?: string | undefined;
}

/** Decides who may enter and whose key is used: proxy.md, rules 5 and 6. */
export class Gatekeeper {
  #digests: readonly { label: string; digest: Buffer }[];

  constructor(keys: readonly { readonly label: string; readonly key: string }[]) {
    this.#digests = keys.map(({ label, key }) => ({ label, digest: sha256(key) }));
  }

  /** Puts other keys in force, for every request from now on. */
  replaceKeys(keys: readonly { readonly label: string; readonly key: string }[]): void {
    this.#digests = keys.map(({ label, key }) => ({ label, digest: sha256(key) }));
  }

  /** Whether every request needs a gateway key. */
  get locked(): boolean {
    return this.#digests.length > 0;
  }

  /** The label of the gateway key that stands anywhere in the request, and its place. */
  identify(headers: IncomingHttpHeaders, query: string): { label: string; place: string } | undefined {
    if (this.#digests.length === 0) return undefined;
    const own = headers['x-gateway-api-key'];
    if (typeof own === 'string') {
      const label = this.#match(own);
      return label === undefined ? undefined : { label, place: 'x-gateway-api-key' };
    }
    for (const place of PLACES) {
      const credential = credentialAt(place, headers, query);
      if (credential === undefined || credential === '') continue;
      const label = this.#match(credential);
      if (label !== undefined) return { label, place };
    }
    return undefined;
  }

  /**
   * @param trusted whether a caller without a gateway key may use the gateway's own provider keys
   *   (it comes from loopback, or the operator said --allow-open)
   * @param pathAuth where the path wants its credential, if not in the provider's own place
   */
  admit(upstream: Upstream, headers: IncomingHttpHeaders, query: string, trusted: boolean, pathAuth?: AuthStyle): Admission | Refusal {
    const gatewayKey = this.identify(headers, query);
    if (this.locked && gatewayKey === undefined) return { refused: 'no-gateway-key' };
    const mayUseOwn = trusted || gatewayKey !== undefined;
    const { auth, alsoAuth = NONE } = upstream.provider;

    const remove: string[] = [];
    let clientHasKey = false;
    let placeholder = false;
    for (const place of PLACES) {
      const credential = credentialAt(place, headers, query);
      if (credential === undefined) continue;
      const isPlaceholder = credential === PLACEHOLDER && mayUseOwn;
      placeholder ||= isPlaceholder;
      // An empty key is none; a gateway key may stand in two places, and neither is the provider's to see.
      if (credential === '' || isPlaceholder || !isPlaceOf(place, auth, pathAuth, alsoAuth) || isAwsSignature(headers[place])
        || place === gatewayKey?.place || (this.locked && this.#match(credential) !== undefined)) remove.push(place);
      else clientHasKey = true;
    }
    if (clientHasKey) return { client: gatewayKey?.label, useOwnKey: false, clientHasKey, remove };
    const wantsOwn = mayUseOwn && (placeholder || gatewayKey !== undefined || upstream.key !== undefined || auth === 'aws-sigv4');
    if (wantsOwn && upstream.key === undefined && auth !== 'none' && auth !== 'aws-sigv4') {
      return { refused: 'no-own-key', client: gatewayKey?.label };
    }
    return { client: gatewayKey?.label, useOwnKey: wantsOwn, clientHasKey, remove };
  }

  #match(credential: string): string | undefined {
    const digest = sha256(credential);
    let label: string | undefined;
    // All entries are compared, so that the time tells nothing about which one matched.
    for (const entry of this.#digests) if (timingSafeEqual(entry.digest, digest)) label = entry.label;
    return label;
  }
}

/** Whether one of the styles wants its credential there. */
function isPlaceOf(place: string, auth: AuthStyle, pathAuth: AuthStyle | undefined, alsoAuth: readonly AuthStyle[]): boolean {
  return PLACES_OF[auth].includes(place) || (pathAuth !== undefined && PLACES_OF[pathAuth].includes(place))
    || alsoAuth.some((style) => PLACES_OF[style].includes(place));
}

/** The header that carries the gateway's key for a provider, as name and value. */
export function ownCredential(auth: AuthStyle, key: string): readonly [string, string] {
  switch (auth) {
    case 'bearer':
    case 'none': // a key that was given all the same: a proxy before one's own server
    case 'aws-sigv4': return ['authorization', `Bearer ${key}`];
    default: return [auth, key];
  }
}

/** What stands at a place: '' where it is there but empty (`Bearer` and no key), undefined where it is not. */
function credentialAt(place: string, headers: IncomingHttpHeaders, query: string): string | undefined {
  if (place === '?key') return parameter(query, 'key');
  const value = headers[place];
  if (typeof value !== 'string') return undefined;
  return place === 'authorization' ? withoutScheme(value) : value;
}

function withoutScheme(value: string): string {
  // The spelling of nearly all, apart from the rare others.
  if (value.startsWith('Bearer ') && value.charCodeAt(7) > 0x20) return value.slice(7);
  return value.replace(/^bearer(?:\s+|$)/i, '');
}

function isAwsSignature(value: string | string[] | undefined): boolean {
  return typeof value === 'string' && value.startsWith('AWS4-');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
