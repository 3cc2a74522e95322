/**
 * Finds the members of a JSON object in its bytes, without parsing their values: strings are
 * skipped by native searches and nothing recurses, so that a body of many megabytes costs little.
 * It is exact about structure (quotes, escapes, brackets); of scalar values outside of strings it
 * demands that JSON.parse takes them; the inside of nested containers is not validated further.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** A native search costs about as much as looking at this many bytes by hand. */
const NEAR_BYTES = 24;
const NUMBER_RUN_BYTES = 256;

/** One member; offsets are bytes, ends exclusive. */
export interface JsonMember {
  readonly key: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface ObjectScan {
  /** Offset of `{`. */
  readonly start: number;
  /** One past `}`; where the scan gave up, when it is not complete. */
  readonly end: number;
  /** The object ended properly; members seen before a fault are reported all the same. */
  readonly complete: boolean;
}

/** Offset of the first byte at or after `from` that is not JSON white space. */
export function skipWhitespace(json: Buffer, from: number): number {
  let pos = from;
  for (;;) {
    const byte = json[pos];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return pos;
    pos++;
  }
}

/**
 * Visits the members of the object that begins at or after `from` (white space is skipped), in
 * their order, duplicates included. Undefined where no object begins there.
 */
export function scanObject(json: Buffer, from: number, visit: (member: JsonMember) => void): ObjectScan | undefined {
  const start = skipWhitespace(json, from);
  if (json[start] !== OPEN_BRACE) return undefined;
  let pos = skipWhitespace(json, start + 1);
  if (json[pos] === CLOSE_BRACE) return { start, end: pos + 1, complete: true };
  for (;;) {
    const broken = { start, end: pos, complete: false };
    if (json[pos] !== QUOTE) return broken;
    const keyEnd = skipString(json, pos);
    if (keyEnd === -1) return broken;
    const key = readString(json, pos, keyEnd);
    pos = skipWhitespace(json, keyEnd);
    if (key === undefined || json[pos] !== COLON) return broken;
    const valueStart = skipWhitespace(json, pos + 1);
    const valueEnd = skipValue(json, valueStart);
    if (valueEnd === -1) return broken;
    visit({ key, valueStart, valueEnd });
    pos = skipWhitespace(json, valueEnd);
    if (json[pos] === CLOSE_BRACE) return { start, end: pos + 1, complete: true };
    if (json[pos] !== COMMA) return broken;
    pos = skipWhitespace(json, pos + 1);
  }
}

/** The string whose quotes stand at `start` and `end - 1`; undefined where its escapes are invalid. */
export function readString(json: Buffer, start: number, end: number): string | undefined {
  const inner = json.toString('utf8', start + 1, end - 1);
  if (!inner.includes('\\')) return inner;
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return undefined;
  }
}

/**
 * The text of a member of the object itself, wherever it stands in it: one of the same name in a
 * nested object is another one. Undefined where there is none, or no text.
 */
export function topLevelText(json: Buffer, name: string): string | undefined {
  let found: JsonMember | undefined;
  scanObject(json, 0, (member) => {
    if (member.key === name) found = member;
  });
  return found !== undefined && json[found.valueStart] === QUOTE ? readString(json, found.valueStart, found.valueEnd) : undefined;
}

/** One past the value that begins at `start`; -1 where it is broken or cut off. */
export function skipValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === QUOTE) return skipString(json, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipContainer(json, start);
  let end = start;
  for (let byte = json[end]; byte !== undefined && !endsScalar(byte); byte = json[end]) end++;
  try {
    JSON.parse(json.toString('latin1', start, end));
    return end;
  } catch {
    return -1;
  }
}

/** One past the closing quote of the string whose opening quote is at `open`; -1 where there is none. */
export function skipString(json: Buffer, open: number): number {
  const length = json.length;
  let pos = open + 1;
  for (;;) {
    const near = Math.min(pos + NEAR_BYTES, length);
    while (pos < near) {
      const byte = json[pos];
      if (byte === QUOTE) return pos + 1;
      pos += byte === BACKSLASH ? 2 : 1;
    }
    if (pos >= length) return -1;
    const quote = json.indexOf(QUOTE, pos);
    if (quote === -1) return -1;
    let slashes = 0;
    while (quote - slashes > pos && json[quote - slashes - 1] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    pos = quote + 1;
  }
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20;
}

function skipContainer(json: Buffer, open: number): number {
  const closers: number[] = [];
  const length = json.length;
  let nextBracket = -1; // the next `]`, remembered so that nested arrays do not search for it again
  let pos = open;
  while (pos < length) {
    const byte = json[pos];
    if (byte === QUOTE) {
      pos = skipString(json, pos);
      if (pos === -1) return -1;
      continue;
    }
    pos++;
    if (byte === OPEN_BRACE) closers.push(CLOSE_BRACE);
    else if (byte === OPEN_BRACKET) {
      closers.push(CLOSE_BRACKET);
      if (nextBracket < pos) nextBracket = json.indexOf(CLOSE_BRACKET, pos);
      if (nextBracket === -1) return -1;
      if (nextBracket - pos >= NUMBER_RUN_BYTES && holdsOnlyScalars(json, pos, nextBracket)) pos = nextBracket;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (closers.pop() !== byte) return -1;
      if (closers.length === 0) return pos;
    }
  }
  return -1;
}

/** Embedding vectors are long runs of numbers: passed over by three native searches. */
function holdsOnlyScalars(json: Buffer, start: number, end: number): boolean {
  const run = json.subarray(start, end);
  return run.indexOf(OPEN_BRACKET) === -1 && run.indexOf(QUOTE) === -1 && run.indexOf(OPEN_BRACE) === -1;
}

/**
 * The named top-level members of a JSON object, parsed; the last of duplicates wins. Members over
 * `maxMemberBytes`, broken ones, and what follows a fault are left out.
 */
export function pickMembers(json: Buffer, names: readonly string[], maxMemberBytes: number): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  scanObject(json, 0, ({ key, valueStart, valueEnd }) => {
    if (valueEnd - valueStart > maxMemberBytes || !names.includes(key)) return;
    try {
      picked[key] = JSON.parse(json.toString('utf8', valueStart, valueEnd));
    } catch {
      picked[key] = undefined;
    }
  });
  return picked;
}

/**
 * The text of a JSON document with an ellipsis for each string of more than `maxBytes`, values and keys alike, so that parsing
 * it costs what its structure costs and not what its texts cost. A string that was there is never empty afterwards; what is
 * broken within a long one is not noticed.
 */
export function withoutLongStrings(json: Buffer, maxBytes: number): string {
  let text = '';
  let from = 0;
  for (let open = json.indexOf(QUOTE); open !== -1;) {
    const end = skipString(json, open);
    if (end === -1) break;
    if (end - open > maxBytes) {
      text += `${json.toString('utf8', from, open + 1)}…`;
      from = end - 1;
    }
    open = json.indexOf(QUOTE, end);
  }
  return text + json.toString('utf8', from);
}
