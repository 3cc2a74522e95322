import { list } from './parsers.js';
import { InvalidValue, MASK } from './variable.js';

export interface ElasticsearchUrls {
  /** Without credentials, without trailing slash. */
  readonly urls: readonly string[];
  /** Of the first URL that holds credentials. */
  readonly username?: string;
  readonly password?: string;
}

/** ELASTICSEARCH_URL: one node or several separated by commas; credentials inside are taken out. */
export function elasticsearchUrls(value: string): ElasticsearchUrls {
  const parsed = list(value).map(parseNode);
  if (parsed.length === 0) throw new InvalidValue('must be a URL');
  const credentials = parsed.flatMap(({ username, password }) => (username === '' && password === '' ? [] : [{ username: decode(username), password: decode(password) }]));
  const [first] = credentials;
  if (credentials.some(({ username, password }) => username !== first?.username || password !== first.password)) {
    throw new InvalidValue('must hold the same credentials in each URL', 'Use ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD instead.');
  }
  return {
    urls: parsed.map((url) => `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`),
    ...(first === undefined || first.username === '' ? {} : { username: first.username }),
    ...(first === undefined || first.password === '' ? {} : { password: first.password }),
  };
}

/** The same text without the credentials of any URL, also of one that cannot be read. */
export function maskUrls(value: string): string {
  const urls = list(value).map((entry) => URL.parse(entry));
  if (!urls.every((url) => url !== null && url.host !== '')) return value.replace(/^([a-z]+:\/\/)?.*@/i, `$1${MASK}@`);
  return list(value).map((entry, index) => {
    const url = urls[index];
    return url?.username === '' && url.password === '' ? entry : `${url?.protocol}//${MASK}@${url?.host}${url?.pathname.replace(/\/$/, '')}`;
  }).join(',');
}

function parseNode(entry: string): URL {
  const url = URL.parse(entry);
  if (url === null) {
    throw new InvalidValue('must be a URL',
      'Give scheme, host and port, for example ELASTICSEARCH_URL=http://localhost:9200; percent-encode @ : / in a password, or use ELASTICSEARCH_PASSWORD.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new InvalidValue('must begin with http:// or https://');
  if (url.search !== '' || url.hash !== '') throw new InvalidValue('must have no query string and no fragment');
  return url;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new InvalidValue('must hold percent-encoded credentials', 'Use ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD instead.');
  }
}
