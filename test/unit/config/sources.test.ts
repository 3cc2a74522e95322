import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../src/config/load.js';
import { Failure } from '../../../src/domain/failure.js';

describe('where a value comes from', () => {
  let cwd: string;
  beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'gateway-config-')); });
  afterEach(() => { rmSync(cwd, { recursive: true }); });

  function dotenv(text: string): void {
    writeFileSync(join(cwd, '.env'), text);
  }

  it('is the flag, then the environment, then .env, then the default', () => {
    dotenv('PORT=3\nHOST=0.0.0.0\nRUST_LOG=warn\n');
    const config = loadConfig({ flags: { PORT: '1' }, env: { PORT: '2', HOST: '::1' }, cwd });
    expect(config.server.port).to.equal(1);
    expect(config.server.host).to.equal('::1');
    expect(config.logLevel).to.equal('warn');
    expect(config.server.shutdownTimeoutMs).to.equal(30_000);
    expect(config.variable('PORT')).to.deep.equal({ value: '1', source: 'flag' });
    expect(config.variable('HOST')).to.deep.equal({ value: '::1', source: 'environment' });
    expect(config.variable('RUST_LOG')).to.deep.equal({ value: 'warn', source: '.env' });
    expect(config.variable('SHUTDOWN_TIMEOUT')).to.equal(undefined);
  });

  it('passes over what is empty, and over flags that were not given', () => {
    dotenv('PORT=8080\n');
    const config = loadConfig({ flags: { PORT: undefined }, env: { PORT: '  ' }, cwd });
    expect(config.server.port).to.equal(8080);
  });

  it('is found for variables whose names depend on the providers', () => {
    dotenv('GROQ_API_KEY="gsk-1"\n');
    const config = loadConfig({ env: { OPENAI_BASE_URL: ' http://localhost:1/v1\n' }, cwd });
    expect(config.variable('GROQ_API_KEY')).to.deep.equal({ value: 'gsk-1', source: '.env' });
    expect(config.variable('OPENAI_BASE_URL')).to.deep.equal({ value: 'http://localhost:1/v1', source: 'environment' });
    expect(config.variable('toString')).to.equal(undefined);
  });

  it('leaves process.env as it was', () => {
    dotenv('GATEWAY_TEST_ONLY_HERE=1\n');
    expect(loadConfig({ cwd }).variable('GATEWAY_TEST_ONLY_HERE')?.value).to.equal('1');
    expect(process.env).not.to.have.property('GATEWAY_TEST_ONLY_HERE');
  });

  it('names .env in the fix of a value that stands there', () => {
    dotenv('PORT=abc\n');
    expect(() => loadConfig({ env: {}, cwd })).to.throw(Failure).with.property('fix', 'Correct it in the file .env, for example PORT=3000.');
  });

  it('names the flag in the fix of a value that a flag gave', () => {
    expect(() => loadConfig({ flags: { LOG_LEVEL: 'loud' }, env: {}, cwd })).to.throw(Failure).with.property('fix', 'Correct the flag, for example --log-level info.');
  });

  it('is a failure where .env is there and cannot be read', () => {
    mkdirSync(join(cwd, '.env'));
    expect(() => loadConfig({ env: {}, cwd })).to.throw(Failure, /\.env: cannot be read \(EISDIR\)/).with.property('code', 'env_file_unreadable');
  });

  it('gives LOG_LEVEL precedence over RUST_LOG, wherever they stand', () => {
    dotenv('LOG_LEVEL=error\n');
    expect(loadConfig({ env: { RUST_LOG: 'debug' }, cwd }).logLevel).to.equal('error');
  });
});

describe('what the values become', () => {
  const cwd = import.meta.dirname;

  it('paths are absolute, from the working directory or the home', () => {
    const { telemetry, elasticsearch } = loadConfig({ env: { TELEMETRY_DIR: './log', ELASTICSEARCH_CA_FILE: 'ca.crt' }, cwd });
    expect(telemetry.dir).to.equal(join(cwd, 'log'));
    expect(elasticsearch.caFile).to.equal(join(cwd, 'ca.crt'));
    expect(loadConfig({ env: { TELEMETRY_DIR: '~/log' }, cwd }).telemetry.dir).to.not.match(/~/);
  });

  it('each is its own member', () => {
    const fingerprint = Array.from({ length: 32 }, () => 'AB').join(':');
    const { logLevel, server, telemetry, elasticsearch } = loadConfig({ cwd: '/work', env: {
      HOST: '::1', PORT: '1', LOG_LEVEL: 'warn', GATEWAY_API_KEYS: 'a:key', ALLOW_OPEN: 'true', ADMIN_TOKEN: 'a-token-for-admins', ADMIN_TOKEN_FILE: '/token', ALLOWED_HOSTS: 'lab', CORS_ORIGINS: 'http://lab', MAX_BODY_BYTES: '2', MAX_BUFFERED_BYTES: '3',
      UPSTREAM_CONNECT_TIMEOUT: '4s', UPSTREAM_FIRST_BYTE_TIMEOUT: '5s', UPSTREAM_IDLE_TIMEOUT: '6s', UPSTREAM_TOTAL_TIMEOUT: '7s', SERVER_KEEPALIVE_TIMEOUT: '8s', SHUTDOWN_TIMEOUT: '9s',
      SHUTDOWN_DELAY: '10s', WORKERS: '12', LOG_REQUESTS: 'true',
      UPSTREAM_MAX_CONNECTIONS: '12', CLIENT_SEND_TIMEOUT: '13s',
      TELEMETRY_DIR: '/log', TELEMETRY_FSYNC: 'always', TELEMETRY_MAX_BYTES: '10MiB', TELEMETRY_RETENTION: '11d', TELEMETRY_ON_FULL: 'refuse-requests',
      ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: 'https://a,https://b', ELASTICSEARCH_INDEX: 'lab', ELASTICSEARCH_LAYOUT: 'single', ELASTICSEARCH_TLS_VERIFY: 'false',
      ELASTICSEARCH_USERNAME: 'user', ELASTICSEARCH_PASSWORD: 'word', ELASTICSEARCH_CA_FILE: '/ca', ELASTICSEARCH_CERT_FILE: '/cert', ELASTICSEARCH_KEY_FILE: '/key', ELASTICSEARCH_CA_FINGERPRINT: fingerprint,
    } });
    expect({ logLevel, server, telemetry, elasticsearch }).to.deep.equal({
      logLevel: 'warn',
      server: {
        host: '::1', port: 1, apiKeys: [{ label: 'a', key: 'key' }], allowOpen: true, adminToken: 'a-token-for-admins', adminTokenFile: resolve('/token'), allowedHosts: ['lab'], corsOrigins: ['http://lab'], maxBodyBytes: 2, maxBufferedBytes: 3,
        upstreamConnectTimeoutMs: 4_000, upstreamFirstByteTimeoutMs: 5_000, upstreamIdleTimeoutMs: 6_000, upstreamTotalTimeoutMs: 7_000, serverKeepaliveTimeoutMs: 8_000, shutdownTimeoutMs: 9_000,
        shutdownDelayMs: 10_000, workers: 12, logRequests: true,
        upstreamMaxConnections: 12, clientSendTimeoutMs: 13_000,
      },
      telemetry: { dir: resolve('/log'), fsync: 'always', maxBytes: 10 * 2 ** 20, retentionMs: 11 * 86_400_000, onFull: 'refuse-requests' },
      elasticsearch: {
        enabled: true, urls: ['https://a', 'https://b'], tlsVerify: false, index: 'lab', layout: 'single', username: 'user', password: 'word',
        caFile: resolve('/ca'), certFile: resolve('/cert'), keyFile: resolve('/key'), caFingerprint: fingerprint,
      },
    });
    const other = (env: NodeJS.ProcessEnv): unknown => loadConfig({ cwd: '/work', env }).elasticsearch;
    expect(other({ ELASTICSEARCH_USERNAME: 'user', ELASTICSEARCH_PASSWORD_FILE: '/word' })).to.include({ passwordFile: resolve('/word') });
    expect(other({ ELASTICSEARCH_API_KEY_FILE: '/api' })).to.include({ apiKeyFile: resolve('/api') });
    expect(other({ ELASTICSEARCH_CLOUD_ID: 'lab:ZXhhbXBsZS5jb20kYWJj' })).to.include({ cloudId: 'lab:ZXhhbXBsZS5jb20kYWJj' });
  });

  it('credentials inside ELASTICSEARCH_URL fill what is not given, and leave the URL', () => {
    const url = 'https://elastic:inside@es:9200';
    const inside = loadConfig({ env: { ELASTICSEARCH_URL: url }, cwd }).elasticsearch;
    expect(inside).to.include({ username: 'elastic', password: 'inside' });
    expect(inside.urls).to.deep.equal(['https://es:9200']);
    const given = loadConfig({ env: { ELASTICSEARCH_URL: url, ELASTICSEARCH_PASSWORD: 'given' }, cwd }).elasticsearch;
    expect(given).to.include({ username: 'elastic', password: 'given' });
  });

  it('an API key is in its encoded form', () => {
    expect(loadConfig({ env: { ELASTICSEARCH_API_KEY: 'id:key' }, cwd }).elasticsearch.apiKey).to.equal(Buffer.from('id:key').toString('base64'));
  });

  it('no age limit is for ever', () => {
    expect(loadConfig({ env: { TELEMETRY_RETENTION: '0' }, cwd }).telemetry.retentionMs).to.equal(Infinity);
  });
});
