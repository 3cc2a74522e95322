import { BoundedMap } from '../domain/bounded-map.js';

/**
 * Headers go by as raw name–value pairs: everything is forwarded but what is named here
 * (proxy.md, rules 5 to 7, 10 and 18).
 */
const HOP_BY_HOP = [
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer',
  'transfer-encoding', 'upgrade',
];

/** What proxies in front of us say of themselves and of their clients: it tells providers about the inside. */
const OF_PROXIES = [
  'forwarded', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'x-original-forwarded-for', 'x-original-host',
  'x-envoy-external-address', 'x-envoy-original-path', 'true-client-ip', 'cf-connecting-ip', 'cf-connecting-ipv6',
  'fastly-client-ip', 'fly-client-ip', 'x-azure-clientip', 'x-azure-socketip', 'x-appengine-user-ip',
];

const NOT_UPSTREAM = new Set([
  ...HOP_BY_HOP, ...OF_PROXIES, 'expect', 'host', 'content-length', 'via', 'http2-settings',
  'x-provider', 'x-project-id', 'x-organization-id', 'x-organisation-id', 'x-user-id', 'x-experiment-id',
  'cookie', 'origin', 'referer', 'access-control-request-method', 'access-control-request-headers',
]);
const NOT_UPSTREAM_PREFIXES = ['x-forwarded-', 'x-gateway-', 'x-aws-', 'x-amz-', 'sec-fetch-'];

// `alt-svc` names other doors of the provider's host, which our host does not have.
const NOT_DOWNSTREAM = new Set([...HOP_BY_HOP, 'alt-svc', 'set-cookie', 'set-cookie2']);
const NOT_DOWNSTREAM_PREFIXES = ['access-control-', 'x-gateway-'];

const MAX_REMEMBERED = 1024;
const MAX_REMEMBERED_LENGTH = 64;

/**
 * Says of each raw header name whether it is forwarded. Names come in few spellings, so the verdict
 * is remembered per spelling; the memory is bounded since clients choose the names.
 */
class NameFilter {
  readonly #memory = new BoundedMap<string | null>(MAX_REMEMBERED, MAX_REMEMBERED_LENGTH);
  readonly #names: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(names: ReadonlySet<string>, prefixes: readonly string[]) {
    this.#names = names;
    this.#prefixes = prefixes;
  }

  /** The lower-case name when it is forwarded, else null. */
  pass(raw: string): string | null {
    const known = this.#memory.get(raw);
    if (known !== undefined) return known;
    const name = raw.toLowerCase();
    const verdict = this.#names.has(name) || this.#prefixes.some((prefix) => name.startsWith(prefix)) ? null : name;
    this.#memory.set(raw, verdict);
    return verdict;
  }
}

const upstreamFilter = new NameFilter(NOT_UPSTREAM, NOT_UPSTREAM_PREFIXES);
const downstreamFilter = new NameFilter(NOT_DOWNSTREAM, NOT_DOWNSTREAM_PREFIXES);

export interface RequestHeaderOptions {
  /** Value of the client's `Connection`, whose names are hop-by-hop too. */
  readonly connection: string | undefined;
  /** Places in the raw list whose entries must not go upstream (credentials of others, gateway keys). */
  readonly drop: readonly number[];
  /** The bodies' bytes were changed: what encodes the answer would hide its usage chunk. */
  readonly identityEncoding: boolean;
  readonly via: string;
}

/** The flat header list of the upstream request, without host, content-length and credentials of the gateway. */
export function requestHeaders(raw: readonly string[], options: RequestHeaderOptions): string[] {
  const named = connectionNames(options.connection);
  const headers: string[] = [];
  let via = options.via;
  for (let i = 0; i < raw.length; i += 2) {
    const rawName = raw[i] as string;
    const name = upstreamFilter.pass(rawName);
    if (name === null) {
      if (rawName.length === 3 && rawName.toLowerCase() === 'via') via = `${raw[i + 1] as string}, ${options.via}`;
      continue;
    }
    if (options.drop.length > 0 && options.drop.includes(i)) continue;
    if (named?.has(name) === true) continue;
    if (options.identityEncoding && name === 'accept-encoding') continue;
    headers.push(rawName, raw[i + 1] as string);
  }
  if (options.identityEncoding) headers.push('accept-encoding', 'identity');
  headers.push('via', via);
  return headers;
}

/** What matters of an upstream answer's headers, and the flat list that goes to the client. */
export interface ResponseHeaders {
  readonly forwarded: string[];
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
  /** Bytes of the body, or undefined where the answer does not say. */
  readonly contentLength: number | undefined;
}

/** Filters an answer's raw headers. */
export function responseHeaders(raw: readonly string[], keepLength: boolean): ResponseHeaders {
  const forwarded: string[] = [];
  let contentType = '';
  let contentEncoding: string | undefined;
  let contentLength: number | undefined;
  let named: ReadonlySet<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const rawName = raw[i] as string;
    const name = downstreamFilter.pass(rawName);
    if (name === null) {
      if (rawName.length === 10 && rawName.toLowerCase() === 'connection') {
        const more = connectionNames(raw[i + 1]);
        if (more !== undefined) named = named === undefined ? more : new Set([...named, ...more]);
      }
      continue;
    }
    const value = raw[i + 1] as string;
    if (name === 'content-type') contentType = value;
    else if (name === 'content-encoding') contentEncoding = value.trim().toLowerCase();
    else if (name === 'content-length') {
      contentLength = Number(value);
      if (!keepLength) continue;
    }
    forwarded.push(rawName, value);
  }
  const kept = named === undefined ? forwarded : withoutNames(forwarded, named);
  return { forwarded: kept, contentType, contentEncoding, contentLength };
}

/** The first value of a header in a flat list, by its lower-case name. */
export function headerValue(raw: readonly string[], name: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2) {
    const rawName = raw[i] as string;
    if (rawName.length === name.length && rawName.toLowerCase() === name) return raw[i + 1];
  }
  return undefined;
}

/** The flat list without a header, by its lower-case name. */
export function withoutHeader(headers: readonly string[], name: string): string[] {
  return withoutNames(headers, new Set([name]));
}

function withoutNames(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!names.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

/** Names listed in a `Connection` header beyond the usual tokens; undefined when there are none. */
function connectionNames(value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close' || value === 'Keep-Alive') return undefined;
  const names = value.toLowerCase().split(',').map((name) => name.trim());
  // What frames the message can't be taken away by naming it here.
  return new Set(names.filter((name) => name !== '' && name !== 'content-type' && name !== 'content-length'));
}
