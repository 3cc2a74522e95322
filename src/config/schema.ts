import { adminToken, allowedHosts, corsOrigins, gatewayKeys, maskGatewayKeys } from './access-lists.js';
import { encodedApiKey, fingerprint } from './elasticsearch-secrets.js';
import { elasticsearchUrls, maskUrls } from './elasticsearch-urls.js';
import { logLevel, rustLogLevel } from './log-level.js';
import { boolean, choice, count, duration, host, limit, port, size, text, timeout } from './parsers.js';
import { maskAll, type Variable } from './variable.js';

const TIMEOUT = { kind: 'duration', parse: timeout } as const;
const FILE = { kind: 'file', parse: text } as const;

/** Every variable that the gateway reads but those of the providers, in the order of the documentation. */
export const VARIABLES = {
  PORT: {
    default: '3000', kind: 'port', example: '3000', flag: 'port', parse: port,
    description: 'port to listen on; 0 picks a free one',
  },
  HOST: {
    default: '127.0.0.1', kind: 'address', example: '127.0.0.1', flag: 'host', parse: host,
    description: 'address that the gateway binds; 0.0.0.0 is every interface',
  },
  WORKERS: {
    default: '1', kind: 'number', example: '2', flag: 'workers', parse: count,
    description: 'processes that serve requests; with 2 or more, one more process holds the log and exports',
  },
  LOG_LEVEL: {
    defaultText: 'as `RUST_LOG`', kind: 'level', example: 'info', flag: 'log-level', parse: logLevel,
    description: 'log level: trace, debug, info, warn, error, fatal or silent',
  },
  RUST_LOG: {
    default: 'info', kind: 'level', example: 'info', parse: rustLogLevel,
    description: 'log level for users of the Rust gateway; of info,hyper=warn the bare level counts; LOG_LEVEL wins',
  },
  LOG_REQUESTS: {
    default: 'false', kind: 'true or false', example: 'true', flag: 'log-requests', parse: boolean,
    description: 'log one line per request: provider, model, client, status, times and tokens',
  },
  GATEWAY_API_KEYS: {
    kind: 'label:key list', example: 'alice:a-long-random-key', mask: maskGatewayKeys, parse: gatewayKeys,
    description: 'who may use the gateway: label:key, several separated by commas; 16 random characters or more each. With it every request needs one; without it callers use provider keys of their own',
  },
  ALLOW_OPEN: {
    default: 'false', kind: 'true or false', example: 'true', flag: 'allow-open', parse: boolean,
    description: 'lend keys and keyless providers to callers without a gateway key; of no effect once GATEWAY_API_KEYS is set',
  },
  ADMIN_TOKEN: {
    kind: 'secret', example: 'a-long-random-token', mask: maskAll, parse: adminToken,
    description: 'token for /metrics and the details of /ready, as Authorization: Bearer; at least 16 characters; one is made and kept in TELEMETRY_DIR where none is set',
  },
  ADMIN_TOKEN_FILE: {
    ...FILE, example: '/run/secrets/admin-token', description: 'file that holds the admin token',
  },
  GATEWAY_API_KEYS_FILE: {
    ...FILE, example: '/run/secrets/gateway-keys',
    description: 'file with gateway keys, separated by commas or one label:key a line; wins over GATEWAY_API_KEYS, and is read again when it changes',
  },
  ALLOWED_HOSTS: {
    kind: 'list', example: 'gateway.internal', parse: allowedHosts,
    description: 'host names beyond loopback under which the gateway may be called where it lends (ALLOW_OPEN); * is any',
  },
  CORS_ORIGINS: {
    kind: 'list', example: 'https://app.example.com', parse: corsOrigins,
    description: 'web origins that may call the gateway from a browser; * is any',
  },
  MAX_BODY_BYTES: {
    default: '100MiB', kind: 'size', example: '100MiB', parse: size,
    description: 'largest request body; a larger one gets 413',
  },
  MAX_BUFFERED_BYTES: {
    default: '512MiB', kind: 'size', example: '512MiB', parse: size,
    description: 'all JSON request bodies in memory together, divided by WORKERS; over it requests get 503 with Retry-After',
  },
  UPSTREAM_MAX_CONNECTIONS: {
    defaultText: 'what the limit of open files allows, at most 10000', kind: 'number', example: '1000', parse: limit,
    description: 'connections to all providers together, per process; over it requests get 503 with Retry-After',
  },
  UPSTREAM_CONNECT_TIMEOUT: {
    ...TIMEOUT, default: '10s', example: '10s', description: 'time to connect to a provider; 0 = off',
  },
  UPSTREAM_FIRST_BYTE_TIMEOUT: {
    ...TIMEOUT, default: '600s', example: '600s', description: 'time from the request to the first byte of a provider\'s answer; 0 = off',
  },
  UPSTREAM_IDLE_TIMEOUT: {
    ...TIMEOUT, default: '300s', example: '300s', description: 'silence of a provider within an answer; 0 = off',
  },
  UPSTREAM_TOTAL_TIMEOUT: {
    ...TIMEOUT, default: '0', example: '30m', description: 'whole time of a request; 0 = off',
  },
  CLIENT_SEND_TIMEOUT: {
    ...TIMEOUT, default: '45s', example: '45s', description: 'how long a client may take nothing of an answer that waits for it; 0 = off',
  },
  SERVER_KEEPALIVE_TIMEOUT: {
    ...TIMEOUT, default: '75s', example: '75s', description: 'how long an idle connection of a client is kept; 0 = forever',
  },
  SHUTDOWN_DELAY: {
    ...TIMEOUT, default: '0s', example: '5s',
    description: 'time after SIGTERM or Ctrl-C in which /ready is 503 and requests are still accepted',
  },
  SHUTDOWN_TIMEOUT: {
    ...TIMEOUT, default: '30s', example: '30s', description: 'time for running requests after SIGTERM or Ctrl-C and SHUTDOWN_DELAY; 0 = as long as they take',
  },

  TELEMETRY_DIR: {
    defaultText: 'the platform\'s data directory', kind: 'folder', example: '/var/lib/gateway', flag: 'telemetry-dir', parse: text,
    description: 'folder of the telemetry log, on a local disk',
  },
  TELEMETRY_FSYNC: {
    default: 'interval', kind: 'choice', example: 'interval', parse: choice(['interval', 'always', 'never']),
    description: 'what survives a power cut: all but the last second (interval), everything (always), what the system wrote (never)',
  },
  TELEMETRY_MAX_BYTES: {
    default: '10GiB', kind: 'size', example: '10GiB', parse: size,
    description: 'size limit of the telemetry log',
  },
  TELEMETRY_RETENTION: {
    default: '30d', kind: 'duration', example: '30d', parse: duration,
    description: 'age limit of the telemetry log; 0 = none',
  },
  TELEMETRY_ON_FULL: {
    default: 'drop-oldest', kind: 'choice', example: 'drop-oldest', parse: choice(['drop-oldest', 'refuse-requests']),
    description: 'what happens at the size limit when nothing exported is left to remove: drop-oldest or refuse-requests',
  },
  PRICES_FILE: {
    ...FILE, example: './prices.yaml', description: 'prices of your own, over the built-in table',
  },

  ENABLE_ELASTICSEARCH: {
    default: 'false', kind: 'true or false', example: 'true', flag: 'elasticsearch', parse: boolean,
    description: 'export to Elasticsearch',
  },
  ELASTICSEARCH_URL: {
    default: 'http://localhost:9200', kind: 'URL list', example: 'http://localhost:9200', flag: 'elasticsearch-url', mask: maskUrls, parse: elasticsearchUrls,
    description: 'the cluster; several nodes separated by commas; credentials in a URL are used unless others are set',
  },
  ELASTICSEARCH_USERNAME: {
    kind: 'text', example: 'elastic', parse: text, description: 'user of basic authentication',
  },
  ELASTICSEARCH_PASSWORD: {
    kind: 'secret', example: 'the password', mask: maskAll, parse: text, description: 'password of basic authentication',
  },
  ELASTICSEARCH_PASSWORD_FILE: {
    ...FILE, example: '/run/secrets/es-password', description: 'file that holds the password; read again after a 401',
  },
  ELASTICSEARCH_API_KEY: {
    kind: 'secret', example: 'the key', mask: maskAll, parse: encodedApiKey,
    description: 'API key, in its encoded form or as id:key; wins over user and password',
  },
  ELASTICSEARCH_API_KEY_FILE: {
    ...FILE, example: '/run/secrets/es-api-key', description: 'file that holds the API key; read again after a 401',
  },
  ELASTICSEARCH_CLOUD_ID: {
    kind: 'text', example: 'name:base64', parse: text, description: 'Elastic Cloud deployment, instead of ELASTICSEARCH_URL',
  },
  ELASTICSEARCH_CA_FILE: {
    ...FILE, example: './ca.crt', description: 'certificate of the authority that signed the cluster\'s',
  },
  ELASTICSEARCH_CA_FINGERPRINT: {
    kind: 'text', example: 'the SHA-256 fingerprint', parse: fingerprint, description: 'SHA-256 fingerprint of that authority, instead of the file',
  },
  ELASTICSEARCH_CERT_FILE: {
    ...FILE, example: './client.crt', description: 'client certificate',
  },
  ELASTICSEARCH_KEY_FILE: {
    ...FILE, example: './client.key', description: 'key of the client certificate',
  },
  ELASTICSEARCH_TLS_VERIFY: {
    default: 'true', kind: 'true or false', example: 'true', parse: boolean,
    description: 'check the cluster\'s certificate; false is for trials only',
  },
  ELASTICSEARCH_INDEX: {
    default: 'ai-gateway-metrics', kind: 'name', example: 'ai-gateway-metrics', flag: 'elasticsearch-index', parse: text,
    description: 'name that metrics are stored and searched under',
  },
  ELASTICSEARCH_LAYOUT: {
    defaultText: 'daily; single where an index of that name exists', kind: 'choice', example: 'daily', parse: choice(['daily', 'single', 'data-stream']),
    description: 'an index per day behind an alias (daily), one index (single), or a data stream (data-stream)',
  },
  CUSTOM_PROVIDERS: {
    kind: 'JSON or file', example: '[{"name":"lab","baseUrl":"http://localhost:8000","dialect":"openai-chat"}]', mask: maskUrls, parse: text,
    description: 'providers of your own: a JSON list of name, baseUrl and dialect, or the name of a file that holds one',
  },
} as const satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;

type Parsed<Name extends VariableName> = ReturnType<(typeof VARIABLES)[Name]['parse']>;

/** What the schema yields: undefined only where a variable has no default. */
export type Values = {
  readonly [Name in VariableName]: (typeof VARIABLES)[Name] extends { readonly default: string } ? Parsed<Name> : Parsed<Name> | undefined;
};
