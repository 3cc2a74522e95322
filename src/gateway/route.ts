import type { IncomingHttpHeaders } from 'node:http';
import { BoundedMap } from '../domain/bounded-map.js';
import type { Dialect } from '../domain/dialect.js';
import type { AuthStyle, DialectRule, Provider } from '../domain/provider.js';
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

  constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams;
    this.#byName = new Map(upstreams.map((upstream) => [upstream.provider.name, upstream]));
    this.#fallback = this.#byName.get('openai');
  }

  /** Names of the providers, for error messages. */
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  choose(path: string, headers: IncomingHttpHeaders): Choice {
    const asked = headers['x-provider'];
    if (typeof asked === 'string') {
      const upstream = this.#byName.get(asked.trim().toLowerCase());
      return upstream === undefined ? { kind: 'unknown-provider' } : this.#routeTo(upstream, path);
    }
    const upstream = this.#byPath(path) ?? this.#byHeader(headers)
      ?? (path.startsWith('/v1/') ? this.#fallback : undefined);
    return upstream === undefined ? { kind: 'not-found' } : this.#routeTo(upstream, path);
  }

  #routeTo(upstream: Upstream, path: string): Choice {
    let memory = this.#routeMemory.get(upstream);
    if (memory === undefined) this.#routeMemory.set(upstream, memory = new BoundedMap(MAX_REMEMBERED, MAX_REMEMBERED_LENGTH));
    const known = memory.get(path);
    if (known !== undefined) return known;
    const choice: Choice = { kind: 'route', route: routeTo(upstream, path) };
    memory.set(path, choice);
    return choice;
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

  #byHeader(headers: IncomingHttpHeaders): Upstream | undefined {
    return this.#upstreams.find(({ provider }) =>
      provider.unmistakableHeaders?.some((name) => headers[name] !== undefined) === true);
  }
}

function routeTo(upstream: Upstream, clientPath: string): Route {
  const { provider } = upstream;
  const path = stripPrefix(clientPath, upstream);
  let nativePath = path;
  let upstreamPath = upstream.mount + path;
  if (isBelow(path, provider.root) && provider.root !== '') {
    upstreamPath = upstream.root + path.slice(provider.root.length);
  } else if (isBelow(path, '/v1') && !isNative(path, provider)) {
    nativePath = provider.root + path.slice('/v1'.length);
    upstreamPath = upstream.root + path.slice('/v1'.length);
  }
  const rule = provider.dialects.find((candidate) => candidate.path.test(nativePath));
  return { upstream, nativePath, upstreamPath, rule, dialect: rule?.dialect ?? provider.defaultDialect, auth: rule?.auth ?? provider.auth };
}

/** Whether the path is one of the provider's own although it begins like the canonical ones. */
function isNative(path: string, provider: Provider): boolean {
  return provider.nativeRoots.some((root) => isBelow(path, root)) || provider.nativePaths?.some((pattern) => pattern.test(path)) === true;
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
