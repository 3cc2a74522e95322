import type { Dialect } from './dialect.js';

/** Where a provider's credential stands in a request. */
export type AuthStyle = 'bearer' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | 'aws-sigv4' | 'none';

/** Which dialect speaks at which paths; the first rule that matches wins. */
export interface DialectRule {
  /** Tested against the native path (below the origin, no query string). */
  readonly path: RegExp;
  readonly dialect: Dialect;
  /**
   * `stream_options.include_usage` may be spliced into bodies at this path (chat and text completions
   * of providers that document it).
   */
  readonly streamUsage?: boolean;
  /** Where paths of this rule want the credential, if not in the provider's own place (Gemini's OpenAI-compatible paths). */
  readonly auth?: AuthStyle;
  /** Further places of the credential at these paths (Claude on Azure: `x-api-key`, as Anthropic's SDKs send it). */
  readonly alsoAuth?: readonly AuthStyle[];
}

/**
 * What requests of a provider's own clients carry and those of others do not: it decides where a path
 * alone would lead to another provider, so that no key and no prompt gets there.
 */
export interface ClientSigns {
  /** Headers and query parameters that hold its credential; a gateway key in them says nothing. */
  readonly credentials?: readonly ('x-api-key' | 'api-key' | '?key' | '?api-key')[];
  /** Query parameters that no other API has. */
  readonly parameters?: readonly string[];
  /** How its credentials in `Authorization` begin, behind `Bearer`. */
  readonly authorization?: readonly string[];
}

/** What fills `{region}` in an origin, for providers whose host depends on it. */
export interface RegionRule {
  /** Captures the region from the native path as its first group (Vertex AI's `/locations/{region}/`). */
  readonly fromPath?: RegExp;
  /** Variables that may hold the region, in order. */
  readonly variables: readonly string[];
  /** The origin for the region `global`, whose host has no region. */
  readonly globalOrigin?: string;
}

/** A provider is data: addresses, credential place and the dialects of its paths. */
export interface Provider {
  /** Canonical lower-case name: the header value, the path prefix and the record's `provider`. */
  readonly name: string;
  /** For people: `OpenAI`. */
  readonly title: string;
  /** Scheme and host, no path: `https://api.groq.com`. Absent where only configuration can say (Azure, vLLM). May hold `{region}`. */
  readonly origin?: string;
  /** What the canonical `/v1` stands for below the origin: `/v1`, `/openai/v1`, `/inference/v1`, … */
  readonly root: string;
  /** Paths that pass unchanged because they are the provider's own: prefixes, `root` need not be repeated. */
  readonly nativeRoots: readonly string[];
  /** Native paths that lie where the canonical `/v1` would be mapped (Gemini's `/v1/models/{m}:generateContent`); they pass unchanged. */
  readonly nativePaths?: readonly RegExp[];
  /** Native paths, too, where the request carries the provider's own credential (`ClientSigns.credentials`, `unmistakableHeaders`). */
  readonly signedNativePaths?: readonly RegExp[];
  /** Present where the origin holds `{region}`. */
  readonly region?: RegionRule;
  /** Captures the region from the host, for providers that bill calls to regional hosts otherwise (`eu.api.openai.com`). */
  readonly regionalHost?: RegExp;
  readonly auth: AuthStyle;
  /** Further credential places that this provider accepts from clients (Anthropic: OAuth `bearer` beside `x-api-key`). */
  readonly alsoAuth?: readonly AuthStyle[];
  /** Variables beyond `<NAME>_API_KEY` that may hold the key, in order. */
  readonly keyVariables?: readonly string[];
  /** Variables beyond `<NAME>_BASE_URL` that may hold the address, in order. */
  readonly baseUrlVariables?: readonly string[];
  /** Paths that can only be this provider's (`/v1/messages`), tested against the client's path. */
  readonly unmistakablePaths?: readonly RegExp[];
  /** Request headers that only this provider's SDKs send, lower-case. */
  readonly unmistakableHeaders?: readonly string[];
  /** Signs of its clients, for paths that begin like another provider's prefix or would be OpenAI's for want of a better one. */
  readonly signs?: ClientSigns;
  /** It costs the operator nothing: anybody may use it without a key (demo). */
  readonly free?: true;
  readonly dialects: readonly DialectRule[];
  /** For paths that no rule matches: error shapes, and whatever it can read. */
  readonly defaultDialect: Dialect;
  /** Native paths of the provider's WebSocket interfaces; any other upgrade is refused. */
  readonly socketPaths?: readonly RegExp[];
  /** The provider's id in @pydantic/genai-prices, where it differs from `name`. */
  readonly pricingId?: string;
  /** Calls for which this server is known to refuse `stream_options`, at paths that otherwise take it. */
  readonly refusesStreamUsage?: (call: { readonly query: string; readonly hasDataSources: boolean }) => boolean;
  /** False where no call is to be asked for usage, whatever its path. */
  readonly streamUsage?: boolean;
  /** Names of the models that it can serve, where the list of `pricingId` has others as well. */
  readonly pricedModels?: RegExp;
  /** Headers that the provider requires and that are added where the client sent none (anthropic-version). */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
}
