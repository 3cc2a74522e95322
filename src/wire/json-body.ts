import type { Dialect, Observation } from '../domain/dialect.js';
import { KeptBytes } from './kept-bytes.js';
import { scanMembers, skipValue, skipWhitespace, withoutLongStrings } from './json-scan.js';
import { LongStrings } from './long-strings.js';

const PARSED_WHOLE_BYTES = 1024 * 1024;
/** Above this, what is not short in a body is its texts, which nobody here reads: parsed, they would be the most of a request's garbage. */
const PARSED_AS_IT_IS_BYTES = 16 * 1024;
const LONG_STRING_BYTES = 1024;
const KEPT_BYTES = 32 * 1024 * 1024;
const TAIL_BYTES = 64 * 1024;
const MAX_MEMBER_BYTES = 1024 * 1024;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const COLON = 0x3a;

/**
 * Keeps a JSON body until it has ended, then reads it once. Above 1 MiB its long strings (images,
 * sounds, texts) are left out as it comes, so that it can be read whatever its size. Of one that is
 * over 1 MiB even then only the members that the dialect needs are read, and of one over 32 MiB,
 * where only the end is kept, the usage that stands there. A body that is not JSON is not kept.
 */
export class JsonBody {
  readonly #dialect: Dialect;
  readonly #status: number;
  readonly #into: Observation;
  readonly #kept = new KeptBytes();
  #shortener: LongStrings | undefined;
  #onlyEnd = false;
  #isJson: boolean | undefined;

  constructor(dialect: Dialect, status: number, into: Observation) {
    this.#dialect = dialect;
    this.#status = status;
    this.#into = into;
  }

  push(chunk: Buffer): void {
    this.#isJson ??= beginsAsJson(chunk);
    if (this.#isJson === false) return;
    if (this.#shortener === undefined || this.#onlyEnd) this.#kept.push(chunk);
    else this.#shortener.push(chunk);
    if (this.#shortener === undefined && this.#kept.length > PARSED_WHOLE_BYTES) this.#shorten();
    this.#onlyEnd ||= this.#kept.length > KEPT_BYTES;
    if (this.#onlyEnd) this.#kept.keepLast(TAIL_BYTES);
  }

  end(): void {
    if (this.#isJson !== true) return;
    const bytes = this.#kept.take();
    const body = this.#read(bytes);
    if (body !== undefined) this.#dialect.readBody(body, this.#status, this.#into);
  }

  #shorten(): void {
    const begin = this.#kept.take();
    this.#shortener = new LongStrings((piece) => { this.#kept.push(piece); });
    this.#shortener.push(begin);
  }

  #read(bytes: Buffer): unknown {
    const { usageMember, bodyMembers } = this.#dialect;
    if (this.#onlyEnd) return lastMember(bytes, usageMember);
    const whole = bytes.length > PARSED_WHOLE_BYTES ? undefined : this.#parse(bytes);
    if (whole !== undefined || this.#shortener === undefined) return whole;
    const { members, complete } = scanMembers(bytes, bodyMembers, MAX_MEMBER_BYTES);
    return complete ? members : { ...members, ...lastMember(bytes.subarray(-TAIL_BYTES), usageMember) };
  }

  #parse(bytes: Buffer): unknown {
    const isShort = this.#shortener !== undefined || bytes.length <= PARSED_AS_IT_IS_BYTES;
    try {
      return JSON.parse(isShort ? bytes.toString('utf8') : withoutLongStrings(bytes, LONG_STRING_BYTES));
    } catch {
      return undefined;
    }
  }
}

/** Undefined while there is nothing but white space. */
function beginsAsJson(chunk: Buffer): boolean | undefined {
  const first = chunk[skipWhitespace(chunk, 0)];
  return first === undefined ? undefined : first === OPEN_BRACE || first === OPEN_BRACKET;
}

/** The last member of that name in the end of a document, as an object with nothing else. */
function lastMember(tail: Buffer, name: string | undefined): Record<string, unknown> | undefined {
  if (name === undefined) return undefined;
  const at = tail.lastIndexOf(`"${name}"`);
  if (at === -1) return undefined;
  const colon = skipWhitespace(tail, at + name.length + 2);
  if (tail[colon] !== COLON) return undefined;
  const start = skipWhitespace(tail, colon + 1);
  const end = skipValue(tail, start);
  if (end === -1) return undefined;
  try {
    return { [name]: JSON.parse(tail.toString('utf8', start, end)) as unknown };
  } catch {
    return undefined;
  }
}
