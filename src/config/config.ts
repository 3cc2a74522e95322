import type { Layout } from '../domain/elastic-names.js';

/** Where a value came from, in order of precedence. */
export type Source = 'flag' | 'environment' | '.env' | 'default';

export interface Sourced {
  readonly value: string;
  readonly source: Source;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface ElasticsearchConfig {
  readonly enabled: boolean;
  /** Node URLs without credentials, without trailing slash. */
  readonly urls: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  /** base64 form (`encoded`); `id:key` is converted. */
  readonly apiKey?: string;
  readonly apiKeyFile?: string;
  readonly cloudId?: string;
  readonly caFile?: string;
  readonly caFingerprint?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly tlsVerify: boolean;
  readonly index: string;
  /** Absent when the user named none: the layout is then resolved against the cluster. */
  readonly layout?: Layout;
}

export interface TelemetryConfig {
  /** Absolute path. */
  readonly dir: string;
  readonly fsync: 'interval' | 'always' | 'never';
  readonly maxBytes: number;
  readonly retentionMs: number;
  readonly onFull: 'drop-oldest' | 'refuse-requests';
}

export interface GatewayKey {
  readonly label: string;
  readonly key: string;
}

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly apiKeys: readonly GatewayKey[];
  /** Lend to callers without a gateway key. */
  readonly allowOpen: boolean;
  /** For `/metrics` and the details of `/ready`; absent where the gateway is to make one. */
  readonly adminToken?: string;
  readonly adminTokenFile?: string;
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxBufferedBytes: number;
  /** Connections to all providers together; absent when the user named no limit. */
  readonly upstreamMaxConnections?: number;
  /** Durations in milliseconds; 0 = off. */
  readonly upstreamConnectTimeoutMs: number;
  readonly upstreamFirstByteTimeoutMs: number;
  readonly upstreamIdleTimeoutMs: number;
  readonly upstreamTotalTimeoutMs: number;
  readonly clientSendTimeoutMs: number;
  readonly serverKeepaliveTimeoutMs: number;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  /** Processes that serve. */
  readonly workers: number;
  readonly logRequests: boolean;
}

export interface Config {
  readonly logLevel: LogLevel;
  readonly server: ServerConfig;
  readonly elasticsearch: ElasticsearchConfig;
  readonly telemetry: TelemetryConfig;
  /** The names that `.env` sets. */
  readonly fileNames: readonly string[];
  /**
   * Any variable of the environment or `.env`, with its source (environment over `.env`): for the
   * variables whose names depend on the providers (`<PROVIDER>_BASE_URL`, `<PROVIDER>_API_KEY`).
   * Empty values count as absent.
   */
  variable(name: string): Sourced | undefined;
}
