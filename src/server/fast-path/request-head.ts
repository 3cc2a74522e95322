import { BoundedMap } from '../../domain/bounded-map.js';
import { fieldValue, isFieldName, isFieldValue } from '../../gateway/http1/fields.js';

/** The head of a request that the fast path takes: a POST of JSON whose body has a declared length. */
export interface PlainHead {
  readonly url: string;
  /** By lower-case name; each name came once. */
  readonly headers: Readonly<Record<string, string>>;
  /** Flat name–value list as sent, each byte one Latin-1 character. */
  readonly rawHeaders: readonly string[];
  readonly contentLength: number;
}

const REQUEST_LINE = /^POST (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const DIGITS = /^\d{1,15}$/;
const JSON_TYPE = /^application\/json(?:$|[\t ]*;)/i;
const MAX_HEADERS = 100;

/** What asks for more than an answer, frames the body in another way, or would end the connection. */
const NOT_PLAIN = ['transfer-encoding', 'expect', 'upgrade', 'te', 'trailer', 'http2-settings', 'proxy-connection', '__proto__'];

/**
 * Reads a head, given without the empty line that ends it; undefined for each that is not plain: any
 * other method or version, any body but JSON of a declared length, any name twice, any byte that two
 * readers could understand in two ways. Those are for Node's own parser to judge, so nothing is
 * refused here, and nothing is guessed.
 */
export function readPlainHead(text: string): PlainHead | undefined {
  let end = text.indexOf('\r\n');
  if (end === -1) return undefined;
  const url = REQUEST_LINE.exec(text.slice(0, end))?.[1];
  if (url === undefined) return undefined;
  const headers: Record<string, string> = {};
  const rawHeaders: string[] = [];
  while (end !== text.length) {
    const start = end + 2;
    end = text.indexOf('\r\n', start);
    if (end === -1) end = text.length;
    const colon = text.indexOf(':', start);
    if (colon === -1 || colon > end || rawHeaders.length === 2 * MAX_HEADERS) return undefined;
    const rawName = text.slice(start, colon);
    const name = lowerCaseName(rawName);
    const value = fieldValue(text, colon + 1, end);
    if (name === undefined || headers[name] !== undefined || !isFieldValue(value)) return undefined;
    headers[name] = value;
    rawHeaders.push(rawName, value);
  }
  const length = headers['content-length'];
  const { connection } = headers;
  if (headers['host'] === undefined || length === undefined || !DIGITS.test(length)) return undefined;
  const contentLength = Number(length);
  if (contentLength === 0) return undefined;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined;
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) return undefined;
  return { url, headers, rawHeaders, contentLength };
}

const MAX_REMEMBERED = 1024;
const MAX_REMEMBERED_LENGTH = 64;
const remembered = new BoundedMap<string>(MAX_REMEMBERED, MAX_REMEMBERED_LENGTH);

/** The name in lower case; undefined where it is none, or none that is plain. Clients spell names in few ways, so each is looked at once. */
function lowerCaseName(raw: string): string | undefined {
  const known = remembered.get(raw);
  if (known !== undefined) return known;
  if (!isFieldName(raw)) return undefined;
  const name = raw.toLowerCase();
  // What a plain object has by itself would look like a name that came before.
  if (NOT_PLAIN.includes(name) || name in Object.prototype) return undefined;
  remembered.set(raw, name);
  return name;
}
