import { expect } from 'chai';
import type { VariableName } from '../../../src/config/schema.js';
import { readValues, VARIABLE_NAMES } from '../../../src/config/settings.js';
import { readSources } from '../../../src/config/sources.js';
import { Failure } from '../../../src/domain/failure.js';

interface Row {
  /** What is written, and what it means. */
  readonly good: readonly (readonly [string, unknown])[];
  /** What is written, and the message without the variable's name. */
  readonly bad: readonly (readonly [string, string])[];
}

const FILE: Row = { good: [['./some/file', './some/file']], bad: [] };
const BOOLEAN: Row = {
  good: [['true', true], ['TRUE', true], ['1', true], ['yes', true], ['on', true], ['false', false], ['0', false], ['no', false], ['off', false]],
  bad: [['maybe', 'maybe: must be true or false']],
};
const TIMEOUT: Row = {
  good: [['10s', 10_000], ['0', 0], ['500ms', 500], ['1.5m', 90_000], ['2h', 7_200_000], ['24d', 24 * 86_400_000]],
  bad: [
    ['10', '10: must be a duration: a number with ms, s, m, h, d or w, or 0'],
    ['ten seconds', 'ten seconds: must be a duration: a number with ms, s, m, h, d or w, or 0'],
    ['-5s', '-5s: must be a duration: a number with ms, s, m, h, d or w, or 0'],
    ['25d', '25d: must be at most 24d; 0 turns it off'],
  ],
};
const SIZE: Row = {
  good: [['1', 1], ['1024', 1024], ['64k', 65_536], ['1KiB', 1024], ['1kb', 1_000], ['1.5 MiB', 1_572_864], ['10GiB', 10 * 1024 ** 3], ['2TB', 2e12]],
  bad: [
    ['big', 'big: must be a size: a number of bytes, or one with KiB, MiB, GiB or TiB'],
    ['10 parsecs', '10 parsecs: must be a size: a number of bytes, or one with KiB, MiB, GiB or TiB'],
    ['-1', '-1: must be a size: a number of bytes, or one with KiB, MiB, GiB or TiB'],
    ['0', '0: must be at least 1 byte and at most 8191TiB'],
    ['9000TiB', '9000TiB: must be at least 1 byte and at most 8191TiB'],
  ],
};
const HEX = 'ab'.repeat(32);

const ROWS: Readonly<Record<VariableName, Row>> = {
  PORT: {
    good: [['0', 0], ['3000', 3000], ['65535', 65_535]],
    bad: ['abc', '65536', '-1', '80.5', '0x50', '100000'].map((value) => [value, `${value}: must be a port number (0–65535)`]),
  },
  WORKERS: {
    good: [['1', 1], ['16', 16], ['999', 999]],
    bad: ['0', '-1', '1.5', '1000', 'many', '0x2'].map((value) => [value, `${value}: must be a whole number from 1 to 999`]),
  },
  HOST: {
    good: [['127.0.0.1', '127.0.0.1'], ['::1', '::1'], ['[::1]', '::1'], ['localhost', 'localhost'], ['gateway-0.internal', 'gateway-0.internal']],
    bad: ['http://localhost', 'localhost:3000', 'a b'].map((value) => [value, `${value}: must be an address or a host name, without scheme and port`]),
  },
  LOG_LEVEL: {
    good: [['debug', 'debug'], ['WARN', 'warn'], ['off', 'silent'], ['silent', 'silent']],
    bad: [['verbose', 'verbose: must be trace, debug, info, warn, error, fatal or silent']],
  },
  RUST_LOG: {
    good: [['info,hyper=warn', 'info'], ['hyper=warn,debug', 'debug'], ['hyper=warn', 'info'], ['warn/regex', 'warn'], ['off', 'silent'], ['some_crate', 'info'], ['warn,error', 'error']],
    bad: [],
  },
  GATEWAY_API_KEYS: {
    good: [
      ['alice:key-1', [{ label: 'alice', key: 'key-1' }]],
      ['alice:a:b, bob@corp:key-2 ,', [{ label: 'alice', key: 'a:b' }, { label: 'bob@corp', key: 'key-2' }]],
    ],
    bad: [
      ['sk-secret', '********: entry 1 must be label:key'],
      ['alice:sk-secret,:sk-other', 'alice:********,:********: entry 2 must be label:key'],
      ['alice:', 'alice:********: entry 1 must be label:key'],
      ['al ice:sk-secret', 'al ice:********: the label of entry 1 must be 1 to 64 letters, digits, dots, hyphens, underscores or @'],
      ['alice:sk secret', 'alice:********: the key of alice must be printable ASCII without spaces: it travels in a header'],
      ['alice:gateway', 'alice:********: the key of alice must not be the word gateway, which has a meaning of its own'],
      ['alice:x', 'alice:********: the key of alice must have at least 3 characters'],
      ['alice:old,alice:new', 'alice:********,alice:********: the label alice must not be given twice'],
      ['alice:same,bob:same', 'alice:********,bob:********: the key of bob must not be given twice'],
    ],
  },
  ALLOW_OPEN: BOOLEAN,
  ADMIN_TOKEN: {
    good: [['token-of-16-characters', 'token-of-16-characters']],
    bad: [['short', '********: must have at least 16 characters'], ['with a space in it', '********: must be printable ASCII without spaces: it travels in a header']],
  },
  ADMIN_TOKEN_FILE: FILE,
  ALLOWED_HOSTS: {
    good: [['gateway.internal, lab:3000', ['gateway.internal', 'lab:3000']], ['*', ['*']], ['[::1]', ['[::1]']]],
    bad: [['https://lab', 'https://lab: must be host names separated by commas, without scheme and path, or *']],
  },
  CORS_ORIGINS: {
    good: [['https://app.example.com,http://localhost:5173/', ['https://app.example.com', 'http://localhost:5173']], ['*', ['*']]],
    bad: ['app.example.com', 'https://app.example.com/path'].map((value) => [value, `${value}: must be origins separated by commas (scheme, host and port, no path), or *`]),
  },
  MAX_BODY_BYTES: SIZE,
  MAX_BUFFERED_BYTES: SIZE,
  UPSTREAM_MAX_CONNECTIONS: {
    good: [['1', 1], ['2000', 2000]],
    bad: ['0', '-1', '1.5', 'many'].map((value) => [value, `${value}: must be a whole number of at least 1`]),
  },
  UPSTREAM_CONNECT_TIMEOUT: TIMEOUT,
  UPSTREAM_FIRST_BYTE_TIMEOUT: TIMEOUT,
  UPSTREAM_IDLE_TIMEOUT: TIMEOUT,
  UPSTREAM_TOTAL_TIMEOUT: TIMEOUT,
  CLIENT_SEND_TIMEOUT: TIMEOUT,
  SERVER_KEEPALIVE_TIMEOUT: TIMEOUT,
  LOG_REQUESTS: BOOLEAN,
  GATEWAY_API_KEYS_FILE: FILE,
  SHUTDOWN_DELAY: TIMEOUT,
  SHUTDOWN_TIMEOUT: TIMEOUT,
  TELEMETRY_DIR: FILE,
  TELEMETRY_FSYNC: {
    good: [['interval', 'interval'], ['always', 'always'], ['NEVER', 'never']],
    bad: [['sometimes', 'sometimes: must be interval, always or never']],
  },
  TELEMETRY_MAX_BYTES: SIZE,
  TELEMETRY_RETENTION: {
    good: [['30d', 30 * 86_400_000], ['2w', 14 * 86_400_000], ['0', 0]],
    bad: [['a month', 'a month: must be a duration: a number with ms, s, m, h, d or w, or 0']],
  },
  TELEMETRY_ON_FULL: {
    good: [['drop-oldest', 'drop-oldest'], ['refuse-requests', 'refuse-requests']],
    bad: [['panic', 'panic: must be drop-oldest or refuse-requests']],
  },
  PRICES_FILE: FILE,
  ENABLE_ELASTICSEARCH: BOOLEAN,
  ELASTICSEARCH_URL: {
    good: [
      ['http://localhost:9200/', { urls: ['http://localhost:9200'] }],
      ['https://a:9200, https://b/path/', { urls: ['https://a:9200', 'https://b/path'] }],
      ['https://elastic:p%40ss@a:9200', { urls: ['https://a:9200'], username: 'elastic', password: 'p@ss' }],
      ['https://elastic:p@a,https://b', { urls: ['https://a', 'https://b'], username: 'elastic', password: 'p' }],
      ['https://elastic@a', { urls: ['https://a'], username: 'elastic' }],
    ],
    bad: [
      ['localhost', 'localhost: must be a URL'],
      ['localhost:9200', 'localhost:9200: must begin with http:// or https://'],
      ['ftp://a', 'ftp://a: must begin with http:// or https://'],
      ['http://a?b=c', 'http://a?b=c: must have no query string and no fragment'],
      ['http://elastic:se/cret@a', 'http://********@a: must be a URL'],
      ['elastic:secret@a:9200', '********@a:9200: must begin with http:// or https://'],
      ['http://u:one@a,http://u:two@b', 'http://********@a,http://********@b: must hold the same credentials in each URL'],
      ['http://u:%zz@a', 'http://********@a: must hold percent-encoded credentials'],
    ],
  },
  ELASTICSEARCH_USERNAME: { good: [['elastic', 'elastic']], bad: [] },
  ELASTICSEARCH_PASSWORD: { good: [[' spaces stay ', ' spaces stay ']], bad: [] },
  ELASTICSEARCH_PASSWORD_FILE: FILE,
  ELASTICSEARCH_API_KEY: {
    good: [['aWQ6a2V5', 'aWQ6a2V5'], ['id:key', 'aWQ6a2V5']],
    bad: [['not a key!', '********: must be an API key in its encoded form, or id:key']],
  },
  ELASTICSEARCH_API_KEY_FILE: FILE,
  ELASTICSEARCH_CLOUD_ID: { good: [['name:abc', 'name:abc']], bad: [] },
  ELASTICSEARCH_CA_FILE: FILE,
  ELASTICSEARCH_CA_FINGERPRINT: {
    good: [[HEX, Array.from({ length: 32 }, () => 'AB').join(':')], [Array.from({ length: 32 }, () => 'AB').join(':'), Array.from({ length: 32 }, () => 'AB').join(':')]],
    bad: [['abcd', 'abcd: must be a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons']],
  },
  ELASTICSEARCH_CERT_FILE: FILE,
  ELASTICSEARCH_KEY_FILE: FILE,
  ELASTICSEARCH_TLS_VERIFY: BOOLEAN,
  ELASTICSEARCH_INDEX: { good: [['my-metrics', 'my-metrics']], bad: [] },
  ELASTICSEARCH_LAYOUT: {
    good: [['daily', 'daily'], ['single', 'single'], ['data-stream', 'data-stream']],
    bad: [['weekly', 'weekly: must be daily, single or data-stream']],
  },
  CUSTOM_PROVIDERS: { good: [['[]', '[]']], bad: [] },
};

function read(env: NodeJS.ProcessEnv): ReturnType<typeof readValues> {
  return readValues(readSources({ env, cwd: import.meta.dirname }));
}

function failure(env: NodeJS.ProcessEnv): Failure {
  try {
    read(env);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`);
}

describe('every variable', () => {
  it('is in this table', () => {
    expect(Object.keys(ROWS)).to.have.members(VARIABLE_NAMES);
  });

  for (const name of VARIABLE_NAMES) {
    const { good, bad } = ROWS[name];
    for (const [value, meaning] of good) {
      it(`${name}=${value} is understood`, () => {
        expect(read({ [name]: value })[name]).to.deep.equal(meaning);
      });
    }
    for (const [value, message] of bad) {
      it(`${name}=${value} is refused by name, value and fix`, () => {
        const error = failure({ [name]: value });
        expect(error.message).to.equal(`${name}=${message}`);
        expect(error.code).to.equal('bad_configuration');
        expect(error.exitCode).to.equal(2);
        expect(error.fix).to.match(new RegExp(`${name.split('_')[0]}|encoded`));
        expect(error.fix).not.to.match(/secret|sk-/);
      });
    }
  }
});

describe('several bad variables', () => {
  it('are told together, each with its fix', () => {
    const { message, fix } = failure({ PORT: 'abc', TELEMETRY_FSYNC: 'often', SHUTDOWN_TIMEOUT: 'soon' });
    expect(message.split('\n').map((line) => line.split('=')[0])).to.deep.equal(['PORT', 'SHUTDOWN_TIMEOUT', 'TELEMETRY_FSYNC']);
    expect(fix.split('\n')).to.deep.equal([
      'Correct it in the environment, for example PORT=3000.',
      'Correct it in the environment, for example SHUTDOWN_TIMEOUT=30s.',
      'Correct it in the environment, for example TELEMETRY_FSYNC=interval.',
    ]);
  });

  it('cuts a value that fills the screen', () => {
    expect(failure({ PORT: 'x'.repeat(5_000) }).message).to.have.lengthOf.below(200);
  });
});
