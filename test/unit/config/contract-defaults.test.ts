import { resolve } from 'node:path';
import { expect } from 'chai';
import { VARIABLES } from '../../../src/config/schema.js';
import { loadConfig } from '../../../src/config/load.js';
import type { Variable } from '../../../src/config/variable.js';

/** The defaults that the product documents: they are never given another value. */
const DOCUMENTED: Readonly<Record<string, string | undefined>> = {
  PORT: '3000',
  HOST: '127.0.0.1',
  RUST_LOG: 'info',
  LOG_LEVEL: undefined,
  ENABLE_ELASTICSEARCH: 'false',
  ELASTICSEARCH_URL: 'http://localhost:9200',
  ELASTICSEARCH_USERNAME: undefined,
  ELASTICSEARCH_PASSWORD: undefined,
  ELASTICSEARCH_INDEX: 'ai-gateway-metrics',
  ELASTICSEARCH_API_KEY: undefined,
  ELASTICSEARCH_CLOUD_ID: undefined,
  ELASTICSEARCH_CA_FILE: undefined,
  ELASTICSEARCH_CA_FINGERPRINT: undefined,
  ELASTICSEARCH_CERT_FILE: undefined,
  ELASTICSEARCH_KEY_FILE: undefined,
  ELASTICSEARCH_TLS_VERIFY: 'true',
  ELASTICSEARCH_PASSWORD_FILE: undefined,
  ELASTICSEARCH_API_KEY_FILE: undefined,
  ELASTICSEARCH_LAYOUT: undefined,
  TELEMETRY_DIR: undefined,
  TELEMETRY_FSYNC: 'interval',
  TELEMETRY_MAX_BYTES: '10GiB',
  TELEMETRY_RETENTION: '30d',
  TELEMETRY_ON_FULL: 'drop-oldest',
  GATEWAY_API_KEYS: undefined,
  ALLOW_OPEN: 'false',
  ADMIN_TOKEN: undefined,
  ADMIN_TOKEN_FILE: undefined,
  ALLOWED_HOSTS: undefined,
  CORS_ORIGINS: undefined,
  MAX_BODY_BYTES: '100MiB',
  MAX_BUFFERED_BYTES: '512MiB',
  UPSTREAM_MAX_CONNECTIONS: undefined,
  UPSTREAM_CONNECT_TIMEOUT: '10s',
  UPSTREAM_FIRST_BYTE_TIMEOUT: '600s',
  UPSTREAM_IDLE_TIMEOUT: '300s',
  UPSTREAM_TOTAL_TIMEOUT: '0',
  CLIENT_SEND_TIMEOUT: '45s',
  SERVER_KEEPALIVE_TIMEOUT: '75s',
  SHUTDOWN_DELAY: '0s',
  SHUTDOWN_TIMEOUT: '30s',
  WORKERS: '1',
  LOG_REQUESTS: 'false',
};

describe('the documented defaults', () => {
  const variables: Readonly<Record<string, Variable<unknown>>> = VARIABLES;

  for (const [name, value] of Object.entries(DOCUMENTED)) {
    it(`${name} is ${value ?? 'unset'}`, () => {
      expect(variables).to.have.property(name);
      expect(variables[name]?.default).to.equal(value);
    });
  }

  it('are what an empty environment yields', () => {
    const { logLevel, server, elasticsearch, telemetry } = loadConfig({ env: { XDG_DATA_HOME: '/data' }, cwd: import.meta.dirname });
    expect({ logLevel, server, elasticsearch, telemetry }).to.deep.equal({
      logLevel: 'info',
      server: {
        host: '127.0.0.1',
        port: 3000,
        apiKeys: [],
        allowOpen: false,
        allowedHosts: [],
        corsOrigins: [],
        maxBodyBytes: 104_857_600,
        maxBufferedBytes: 536_870_912,
        upstreamConnectTimeoutMs: 10_000,
        upstreamFirstByteTimeoutMs: 600_000,
        upstreamIdleTimeoutMs: 300_000,
        upstreamTotalTimeoutMs: 0,
        clientSendTimeoutMs: 45_000,
        serverKeepaliveTimeoutMs: 75_000,
        shutdownDelayMs: 0,
        shutdownTimeoutMs: 30_000,
        workers: 1,
        logRequests: false,
      },
      elasticsearch: { enabled: false, urls: ['http://localhost:9200'], tlsVerify: true, index: 'ai-gateway-metrics' },
      telemetry: { dir: resolve('/data/gateway'), fsync: 'interval', maxBytes: 10_737_418_240, retentionMs: 2_592_000_000, onFull: 'drop-oldest' },
    });
  });
});
