import type { IncomingHttpHeaders } from 'node:http';
import { GATEWAY_KEY_PREFIX, PLACEHOLDER_KEY } from '../domain/gateway-key.js';
import type { AuthStyle } from '../domain/provider.js';
import { behindScheme, credentialIn, isAwsSignature, keyIn, PLACES, PLACES_OF, placeOfHeader, type Place } from './credential-places.js';
import { KeyRing, type GatewayKey } from './key-ring.js';
import { decoded, joinedQuery, queryParts } from './query.js';
import { parameter } from './target.js';
import type { Upstream } from './upstream.js';

const OWN_HEADER = 'x-gateway-api-key';
/** Query parameters that hold credentials of some API, beside those of `PLACES`. */
const SECRET_PARAMETER = /^(?:api[-_]?key|access[-_]?token|token|key|auth)$/i;
/** How a browser, which can set no header, names its OpenAI key among the protocols of a WebSocket. */
const SOCKET_KEY = 'openai-insecure-api-key.';
const SOCKET_PLACEHOLDER = new RegExp(`${SOCKET_KEY.replace('.', '\\.')}${PLACEHOLDER_KEY}(?:[\\s,]|$)`);

/** Shorter keys, which the first screen warns of, might be words that paths have. */
const MIN_PATH_KEY = 16;

/** What is to happen with the credentials of one request. */
export interface Admission {
  /** Label of the gateway key that was used. */
  readonly client: string | undefined;
  /** The gateway's key is to be used upstream. */
  readonly useOwnKey: boolean;
  /** The client sent a credential of its own for this provider. */
  readonly clientHasKey: boolean;
  /** Something that the operator pays for is used without a gateway key (--allow-open). */
  readonly lent: boolean;
  /** Places in the raw header list whose entries must not go upstream. */
  readonly drop: readonly number[];
  /** The query string that may go upstream, with its `?`. */
  readonly query: string;
}

/** Why a request may not use a provider. */
export interface Refusal {
  readonly refused: 'no-gateway-key' | 'unknown-gateway-key' | 'bad-gateway-key' | 'placeholder' | 'no-own-key';
  /** Label of the gateway key that was used, if one was. */
  readonly client?: string | undefined;
}

export interface GatekeeperOptions {
  /** Keys of GATEWAY_API_KEYS: with any of them, every request needs one. */
  readonly keys: readonly GatewayKey[];
  /** The key that `serve` made for programs on this machine; valid while there are no others. */
  readonly localKey?: GatewayKey | undefined;
  /** Lend to callers without a gateway key (--allow-open); of no effect where there are keys. */
  readonly allowOpen?: boolean;
}

/** What is read of a request: headers by name and as sent. */
export interface Bearer {
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/** The refusal of a caller without a valid gateway key: one that sent the header is told that its key is unknown. */
export function withoutGatewayKey(headers: IncomingHttpHeaders): Refusal {
  return { refused: (headers[OWN_HEADER] ?? '') === '' ? 'no-gateway-key' : 'unknown-gateway-key' };
}

/** Decides who may enter and whose key is used: proxy.md, rules 5 and 6. */
export class Gatekeeper {
  readonly #local: KeyRing;
  readonly #allowOpen: boolean;
  #keys: KeyRing;

  constructor({ keys, localKey, allowOpen = false }: GatekeeperOptions) {
    this.#keys = new KeyRing(keys);
    this.#local = new KeyRing(localKey === undefined ? [] : [localKey]);
    this.#allowOpen = allowOpen;
  }

  /** Puts other keys in place of those of GATEWAY_API_KEYS; requests under way keep what they began with. */
  replaceKeys(keys: readonly GatewayKey[]): void {
    this.#keys = new KeyRing(keys);
  }

  /** Whether every request needs a gateway key. */
  get locked(): boolean {
    return this.#keys.size > 0;
  }

  /** Whether the key of programs on this machine opens the gateway. */
  get takesLocalKey(): boolean {
    return !this.locked && this.#local.size > 0;
  }

  /** Whom a credential stands for as a gateway key; undefined where it is not a valid one. */
  label(credential: string): string | undefined {
    return this.locked ? this.#keys.label(credential) : this.#local.size > 0 ? this.#local.label(credential) : undefined;
  }

  /** The label of the gateway key that stands in the request, and its place. */
  identify(headers: IncomingHttpHeaders, query: string): { label: string; place: Place | typeof OWN_HEADER } | undefined {
    if (!this.locked && this.#local.size === 0) return undefined;
    const own = headers[OWN_HEADER];
    if (typeof own === 'string' && own !== '') {
      const label = this.label(own);
      return label === undefined ? undefined : { label, place: OWN_HEADER };
    }
    for (const place of PLACES) {
      const credential = credentialAt(place, headers, query);
      if (credential === undefined || credential === '') continue;
      const label = this.label(credential);
      if (label !== undefined) return { label, place };
    }
    return undefined;
  }

  /** Whether a gateway key stands in a segment of the path: it would reach the provider and the record. */
  isInPath(path: string): boolean {
    for (let from = 1; from < path.length;) {
      const slash = path.indexOf('/', from);
      const end = slash === -1 ? path.length : slash;
      if (end - from >= MIN_PATH_KEY && this.#holdsKey(decoded(path.slice(from, end)))) return true;
      from = end + 1;
    }
    return false;
  }

  /** @param paths where the path wants its credential, if not in the provider's own place, and where else it takes one */
  admit(upstream: Upstream, request: Bearer, query: string, paths: PathAuth = NO_PATH_AUTH): Admission | Refusal {
    const identity = this.identify(request.headers, query);
    if (this.locked && identity === undefined) return withoutGatewayKey(request.headers);
    const client = identity?.label;
    const found = this.#look(upstream, request, query, paths, identity?.place);
    if (found.bad || isBad(request.headers[OWN_HEADER], identity?.place)) return { refused: 'bad-gateway-key', client };

    const mayUseOwn = identity !== undefined || (this.#allowOpen && !this.locked);
    const free = upstream.provider.free === true;
    const { auth } = upstream.provider;
    // Whoever pays nothing must show whose key it is; where no key is asked for, none can be the caller's own.
    if (auth === 'none' && !free && !mayUseOwn) return found.placeholder ? { refused: 'placeholder' } : withoutGatewayKey(request.headers);
    const { clientHasKey, drop } = found;
    const lent = identity === undefined && !free && isOperators(upstream);
    if (clientHasKey) return { client, useOwnKey: false, clientHasKey, lent: lent && auth === 'none', drop, query: found.query };
    if (!mayUseOwn && !free) {
      if (found.placeholder) return { refused: 'placeholder' };
      if (isOperators(upstream)) return withoutGatewayKey(request.headers);
    }
    const wantsOwn = mayUseOwn && (found.placeholder || identity !== undefined || upstream.key !== undefined || auth === 'aws-sigv4');
    if (wantsOwn && upstream.key === undefined && auth !== 'none' && auth !== 'aws-sigv4') return { refused: 'no-own-key', client };
    return { client, useOwnKey: wantsOwn, clientHasKey, lent, drop, query: found.query };
  }

  /** Reads every credential of the request, also those in places that Node's header object hides. */
  #look(upstream: Upstream, { headers, rawHeaders }: Bearer, query: string, paths: PathAuth, identified: string | undefined): Found {
    const drop: number[] = [];
    const found: Found = { drop, query, clientHasKey: false, placeholder: false, bad: false };
    const azureKey = upstream.provider.auth === 'api-key' ? undefined : headers['api-key'];
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const value = rawHeaders[i + 1] as string;
      const place = placeOfHeader(rawHeaders[i] as string);
      if (place === undefined ? this.#holdsKey(value) : place === identified || !this.#passes(found, place, value, takes(upstream, paths, place), azureKey)) drop.push(i);
    }
    if (query !== '') found.query = this.#forwardedQuery(found, upstream, paths, query);
    return found;
  }

  /** Whether what stands in a place of credentials goes upstream; notes what it is. */
  #passes(found: Found, place: Place, value: string, taken: boolean, azureKey?: string | string[]): boolean {
    if (place === 'sec-websocket-protocol' && !value.includes(SOCKET_KEY)) return true;
    const credential = credentialIn(place, value);
    const text = place === 'authorization' && credential === value ? behindScheme(value) : credential;
    const isPlaceholder = text === PLACEHOLDER_KEY
      || (place === 'authorization' && (credential === value || credential.startsWith('"')) && keyIn(value) === PLACEHOLDER_KEY)
      || (place === 'sec-websocket-protocol' && SOCKET_PLACEHOLDER.test(value));
    if (isPlaceholder) found.placeholder = true;
    if (text === '' || isPlaceholder || isAwsSignature(value) || this.#holdsKey(text) || (text.length !== value.length && this.#holdsKey(value))) return false;
    if (looksLikeOurs(text)) {
      found.bad = true;
      return false;
    }
    // Azure's SDKs send their key as Bearer, too: it is Azure's all the same.
    if (!taken || (place === 'authorization' && text === azureKey)) return false;
    found.clientHasKey = true;
    return true;
  }

  #forwardedQuery(found: Found, upstream: Upstream, paths: PathAuth, query: string): string {
    const parts = queryParts(query);
    const kept = parts.filter(({ name, value }) => {
      if (name === 'key' || name === 'api-key') return this.#passes(found, `?${name}`, value, takes(upstream, paths, `?${name}`));
      if (this.#holdsKey(value)) return false;
      if (SECRET_PARAMETER.test(name) && looksLikeOurs(value)) found.bad = true;
      // A signature that stands in the query was made for another address.
      return !name.toLowerCase().startsWith('x-amz-');
    });
    return kept.length === parts.length ? query : joinedQuery(kept);
  }

  /** Whether a gateway key stands in the text, one that is out of use included. */
  #holdsKey(text: string): boolean {
    return this.#keys.occursIn(text) || this.#local.occursIn(text);
  }
}

/** Credential places of a path, beside those of its provider. */
export interface PathAuth {
  readonly auth?: AuthStyle | undefined;
  readonly alsoAuth?: readonly AuthStyle[] | undefined;
}

const NO_PATH_AUTH: PathAuth = {};

interface Found {
  drop: readonly number[];
  query: string;
  clientHasKey: boolean;
  placeholder: boolean;
  /** Something begins like a gateway key and is not a valid one. */
  bad: boolean;
}

/** What costs the operator something: a held key, the AWS chain, a keyless server, an address that the operator named. */
function isOperators({ provider: { auth }, key, override }: Upstream): boolean {
  return key !== undefined || auth === 'none' || auth === 'aws-sigv4' || override !== undefined;
}

/** Whether the provider, at this path, takes a credential in that place. */
function takes({ provider }: Upstream, { auth, alsoAuth }: PathAuth, place: Place): boolean {
  return PLACES_OF[provider.auth].includes(place) || (auth !== undefined && PLACES_OF[auth].includes(place))
    || provider.alsoAuth?.some((style) => PLACES_OF[style].includes(place)) === true
    || alsoAuth?.some((style) => PLACES_OF[style].includes(place)) === true;
}

/** Whether there is a word in the text that begins like a key that the gateway made. */
function looksLikeOurs(text: string): boolean {
  const at = text.indexOf(GATEWAY_KEY_PREFIX);
  return at === 0 || (at > 0 && !/[\w-]/.test(text.charAt(at - 1)));
}

function isBad(own: string | string[] | undefined, identified: string | undefined): boolean {
  return typeof own === 'string' && identified !== OWN_HEADER && own.startsWith(GATEWAY_KEY_PREFIX);
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
function credentialAt(place: Place, headers: IncomingHttpHeaders, query: string): string | undefined {
  if (place.startsWith('?')) return query === '' ? undefined : parameter(query, place.slice(1));
  const value = headers[place];
  return typeof value === 'string' ? credentialIn(place, value) : undefined;
}
