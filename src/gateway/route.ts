import { BoundedMap } from '../domain/bounded-map.js';
import type { Dialect } from '../domain/dialect.js';
import type { AuthStyle, DialectRule, Provider } from '../domain/provider.js';
import { hasOwnPlace, signOf, type Signed } from './client-signs.js';
import type { Upstream } from './upstream.js';

/** Where a request goes. */
export interface Route {
  readonly upstream: Upstream;
  /** Path below the provider's own origin, before any mount point: what dialect rules are tested against. */
  readonly nativePath: string;
  /** Path that is sent. */
  readonly upstreamPath: string;
  readonly rule: DialectRule | undefined;
  readonly dialect: Dialect;
  /** Where the path wants its credential. */
  readonly auth: AuthStyle;
  /** Where else it takes one. */
  readonly alsoAuth: readonly AuthStyle[] | undefined;
}

export type Choice =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'unknown-provider' }
  | { readonly kind: 'not-found' };

const MAX_REMEMBERED = 256;
const MAX_REMEMBERED_LENGTH = 256;

/** Chooses provider and address of a request: proxy.md, rules 1 to 3. */
export class Router {
  readonly #byName: ReadonlyMap<string, Upstream>;
  readonly #upstreams: readonly Upstream[];
  readonly #fallback: Upstream | undefined;
  /** Paths repeat, and a path's answer never changes; the memory is bounded since clients choose the paths. */
  readonly #byPathMemory = new BoundedMap<Upstream | null>(MAX_REMEMBERED, MAX_REMEMBERED_LENGTH);
  readonly #routeMemory = new Map<Upstream, BoundedMap<Choice>>();
  /** The same for requests that carry the provider's own credential, where that makes a difference. */
  readonly #signedMemory = new Map<Upstream, BoundedMap<Choice>>();
  /** Providers whose clients can be told by what they send. */
  readonly #signers: readonly Upstream[];
  readonly #headerSigners: readonly Upstream[];
  /** Matches the keys of all of them in `Authorization`, and perhaps others: a quick look that most requests pass. */
  readonly #keyBegins: RegExp;
  /** By a prefix that is also the begin of other providers' own paths (`/openai/…`): those providers. */
  readonly #contested: ReadonlyMap<string, readonly Upstream[]>;

  constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams;
    this.#byName = new Map(upstreams.map((upstream) => [upstream.provider.name, upstream]));
    this.#fallback = this.#byName.get('openai');
    this.#signers = upstreams.filter(({ provider }) => provider.signs !== undefined);
    this.#headerSigners = upstreams.filter(({ provider }) => provider.unmistakableHeaders !== undefined);
    this.#keyBegins = keyBegins(this.#signers.flatMap(({ provider }) => provider.signs?.authorization ?? []));
    const contenders = [...this.#byName.keys()].map((name) => [name, this.#signers.filter(({ provider }) => provider.name !== name
      && provider.nativeRoots.some((root) => isBelow(root, `/${name}`)))] as const);
    this.#contested = new Map(contenders.filter(([, list]) => list.length > 0));
  }

  /** Names of the providers, for error messages. */
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  choose(path: string, request: Signed): Choice {
    const asked = request.headers['x-provider'];
    if (typeof asked === 'string') {
      const upstream = this.#byName.get(asked.trim().toLowerCase());
      return upstream === undefined ? { kind: 'unknown-provider' } : this.#routeTo(upstream, path, request);
    }
    const upstream = this.#bySign(path, request) ?? this.#byPath(path) ?? this.#byHeader(request)
      ?? (path.startsWith('/v1/') ? this.#strayed(path, request) ?? this.#fallback : undefined);
    return upstream === undefined ? { kind: 'not-found' } : this.#routeTo(upstream, path, request);
  }

  #routeTo(upstream: Upstream, path: string, request: Signed): Choice {
    const signed = upstream.provider.signedNativePaths !== undefined && hasOwnPlace(upstream.provider, request);
    const memories = signed ? this.#signedMemory : this.#routeMemory;
    let memory = memories.get(upstream);
    if (memory === undefined) memories.set(upstream, memory = new BoundedMap(MAX_REMEMBERED, MAX_REMEMBERED_LENGTH));
    const known = memory.get(path);
    if (known !== undefined) return known;
    const choice: Choice = { kind: 'route', route: routeTo(upstream, path, signed) };
    memory.set(path, choice);
    return choice;
  }

  /** Whose client it is, where a prefix is also the begin of another provider's own paths: Azure's `/openai/…`. */
  #bySign(path: string, request: Signed): Upstream | undefined {
    const end = path.indexOf('/', 1);
    const contenders = end === -1 ? undefined : this.#contested.get(path.slice(1, end));
    return contenders?.find(({ provider }) => provider.nativeRoots.some((root) => isBelow(path, root)) && signOf(provider, request) !== undefined);
  }

  /** Whose client it is that calls `/v1/…` with another provider's credential: OpenAI must not get what is not its own. */
  #strayed(path: string, request: Signed): Upstream | undefined {
    const { headers, query } = request;
    const { authorization } = headers;
    if (query === '' && headers['api-key'] === undefined
      && (authorization === undefined ? headers['x-api-key'] === undefined : !this.#keyBegins.test(authorization))) return undefined;
    for (const upstream of this.#signers) {
      const { provider } = upstream;
      if (provider.signedNativePaths?.some((pattern) => pattern.test(path)) === true && hasOwnPlace(provider, request)) return upstream;
      const sign = signOf(provider, request);
      if (sign === undefined) continue;
      // Where OpenAI's address is another server's, that server may take such keys; unless this provider's address was named as well.
      if (sign === 'own' || this.#fallback?.override === undefined || upstream.override !== undefined) return upstream;
    }
    return undefined;
  }

  #byPath(path: string): Upstream | undefined {
    const known = this.#byPathMemory.get(path);
    if (known !== undefined) return known ?? undefined;
    const upstream = this.#readPath(path);
    this.#byPathMemory.set(path, upstream ?? null);
    return upstream;
  }

  /** A prefix names its provider, unless the whole path can only be another one's (`/openai/deployments/…`). */
  #readPath(path: string): Upstream | undefined {
    const end = path.indexOf('/', 1);
    const prefixed = end === -1 ? undefined : this.#byName.get(path.slice(1, end));
    for (const upstream of this.#upstreams) {
      if (upstream.provider.unmistakablePaths?.some((pattern) => pattern.test(path)) === true) return upstream;
    }
    return prefixed;
  }

  #byHeader({ headers }: Signed): Upstream | undefined {
    return this.#headerSigners.find(({ provider }) =>
      provider.unmistakableHeaders?.some((name) => headers[name] !== undefined) === true);
  }
}

function keyBegins(begins: readonly string[]): RegExp {
  return new RegExp(`^(?:basic[ \\t]|(?:[\\w-]+[ \\t]+)?"?(?:${begins.map((begin) => begin.replace(/[^\w-]/g, '\\$&')).join('|')}))`, 'i');
}

function routeTo(upstream: Upstream, clientPath: string, signed: boolean): Route {
  const { provider } = upstream;
  const path = stripPrefix(clientPath, upstream);
  let nativePath = path;
  let upstreamPath = upstream.mount + path;
  if (isBelow(path, provider.root) && provider.root !== '') {
    upstreamPath = upstream.root + path.slice(provider.root.length);
  } else if (isBelow(path, '/v1') && !isNative(path, provider, signed)) {
    nativePath = provider.root + path.slice('/v1'.length);
    upstreamPath = upstream.root + path.slice('/v1'.length);
  }
  const rule = provider.dialects.find((candidate) => candidate.path.test(nativePath));
  return {
    upstream, nativePath, upstreamPath, rule, dialect: rule?.dialect ?? provider.defaultDialect,
    auth: rule?.auth ?? provider.auth, alsoAuth: rule?.alsoAuth,
  };
}

/** Whether the path is one of the provider's own although it begins like the canonical ones. */
function isNative(path: string, { nativeRoots, nativePaths, signedNativePaths }: Provider, signed: boolean): boolean {
  return nativeRoots.some((root) => isBelow(path, root)) || nativePaths?.some((pattern) => pattern.test(path)) === true
    || (signed && signedNativePaths?.some((pattern) => pattern.test(path)) === true);
}

/** Takes `/{provider}` off where it is the prefix of the chosen provider and not the begin of its own paths. */
function stripPrefix(path: string, { provider }: Upstream): string {
  const prefix = `/${provider.name}`;
  if (!isBelow(path, prefix) || path.length === prefix.length) return path;
  if (isBelow(path, provider.root) && provider.root.startsWith(prefix)) return path;
  if (provider.nativeRoots.some((root) => root.startsWith(prefix) && isBelow(path, root))) return path;
  return path.slice(prefix.length);
}

/** Whether the path is the root itself or lies beneath it, by whole segments. */
function isBelow(path: string, root: string): boolean {
  return path.startsWith(root) && (path.length === root.length || path.charCodeAt(root.length) === 47);
}
