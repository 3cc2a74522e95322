import { resolve } from 'node:path';
import type { Config, ElasticsearchConfig, ServerConfig, TelemetryConfig } from './config.js';
import { defaultDataDir, expandHome } from './data-dir.js';
import type { Values } from './schema.js';
import { readValues } from './settings.js';
import type { Sources } from './sources.js';

/** Puts the values of the schema into the shape that the gateway works with. */
export function readConfig(sources: Sources): Config {
  const values = readValues(sources);
  const absolute = (path: string): string => resolve(sources.cwd, expandHome(path));
  return {
    logLevel: values.LOG_LEVEL ?? values.RUST_LOG,
    server: server(values, absolute),
    elasticsearch: elasticsearch(values, absolute),
    telemetry: telemetry(values, absolute, sources.env),
    fileNames: sources.fileNames,
    variable: sources.find,
  };
}

function server(values: Values, absolute: (path: string) => string): ServerConfig {
  return {
    host: values.HOST,
    port: values.PORT,
    apiKeys: values.GATEWAY_API_KEYS ?? [],
    allowOpen: values.ALLOW_OPEN,
    ...present({ adminToken: values.ADMIN_TOKEN, adminTokenFile: values.ADMIN_TOKEN_FILE === undefined ? undefined : absolute(values.ADMIN_TOKEN_FILE) }),
    allowedHosts: values.ALLOWED_HOSTS ?? [],
    corsOrigins: values.CORS_ORIGINS ?? [],
    maxBodyBytes: values.MAX_BODY_BYTES,
    maxBufferedBytes: values.MAX_BUFFERED_BYTES,
    ...(values.UPSTREAM_MAX_CONNECTIONS === undefined ? {} : { upstreamMaxConnections: values.UPSTREAM_MAX_CONNECTIONS }),
    upstreamConnectTimeoutMs: values.UPSTREAM_CONNECT_TIMEOUT,
    upstreamFirstByteTimeoutMs: values.UPSTREAM_FIRST_BYTE_TIMEOUT,
    upstreamIdleTimeoutMs: values.UPSTREAM_IDLE_TIMEOUT,
    upstreamTotalTimeoutMs: values.UPSTREAM_TOTAL_TIMEOUT,
    clientSendTimeoutMs: values.CLIENT_SEND_TIMEOUT,
    serverKeepaliveTimeoutMs: values.SERVER_KEEPALIVE_TIMEOUT,
    shutdownDelayMs: values.SHUTDOWN_DELAY,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT,
    workers: values.WORKERS,
    logRequests: values.LOG_REQUESTS,
  };
}

function elasticsearch(values: Values, absolute: (path: string) => string): ElasticsearchConfig {
  const { urls, username, password } = values.ELASTICSEARCH_URL;
  const file = (path: string | undefined): string | undefined => (path === undefined ? undefined : absolute(path));
  return {
    enabled: values.ENABLE_ELASTICSEARCH,
    urls,
    tlsVerify: values.ELASTICSEARCH_TLS_VERIFY,
    index: values.ELASTICSEARCH_INDEX,
    ...present({
      username: values.ELASTICSEARCH_USERNAME ?? username,
      password: values.ELASTICSEARCH_PASSWORD ?? password,
      passwordFile: file(values.ELASTICSEARCH_PASSWORD_FILE),
      apiKey: values.ELASTICSEARCH_API_KEY,
      apiKeyFile: file(values.ELASTICSEARCH_API_KEY_FILE),
      cloudId: values.ELASTICSEARCH_CLOUD_ID,
      caFile: file(values.ELASTICSEARCH_CA_FILE),
      caFingerprint: values.ELASTICSEARCH_CA_FINGERPRINT,
      certFile: file(values.ELASTICSEARCH_CERT_FILE),
      keyFile: file(values.ELASTICSEARCH_KEY_FILE),
      layout: values.ELASTICSEARCH_LAYOUT,
    }),
  };
}

function telemetry(values: Values, absolute: (path: string) => string, env: NodeJS.ProcessEnv): TelemetryConfig {
  return {
    dir: absolute(values.TELEMETRY_DIR ?? defaultDataDir(env)),
    fsync: values.TELEMETRY_FSYNC,
    maxBytes: values.TELEMETRY_MAX_BYTES,
    retentionMs: values.TELEMETRY_RETENTION === 0 ? Number.POSITIVE_INFINITY : values.TELEMETRY_RETENTION,
    onFull: values.TELEMETRY_ON_FULL,
  };
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The entries that have a value. */
function present<T extends object>(entries: T): Present<T> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Present<T>;
}
