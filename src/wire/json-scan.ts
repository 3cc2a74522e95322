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

/** Some tens of milliseconds. */
const SCAN_BYTES = 16 * 1024 * 1024;
/** What costs more than one look at a byte, in such looks. */
const MEMBER_COST = 128;
const ESCAPED_COST = 256;
const CONTAINER_COST = 32;
const STRING_COST = 24;
const SEARCH_COST = 32;
/** No name that anybody asks for is longer, escapes included, and no number or literal. */
const MAX_KEY_BYTES = 256;
const MAX_SCALAR_BYTES = 1024;
const MAX_DEPTH = 256 * 1024;

/** One member; offsets are bytes, ends exclusive. */
export interface JsonMember {
  /** Empty where it is so long that nobody asks for it. */
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
export function skipWhitespace(json: Buffer, from: number, to = json.length): number {
  let pos = from;
  while (pos < to && isWhitespace(json[pos])) pos++;
  return pos;
}

function isWhitespace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * What a scan may cost, in bytes that are looked at one by one (native searches aside): a body of
 * many megabytes of small members must not keep the event loop. A scan that has used it up gives
 * up as it does at a fault.
 */
export class ScanBudget {
  left: number;

  constructor(bytes: number = SCAN_BYTES) {
    this.left = bytes;
  }

  /** As `skipWhitespace`, as far as the budget goes. */
  skipWhitespace(json: Buffer, from: number): number {
    const pos = skipWhitespace(json, from, Math.min(json.length, from + this.left));
    this.left -= pos - from;
    return pos;
  }

  /** Takes a fixed cost; false where that is more than is left. */
  spend(cost: number): boolean {
    this.left -= cost;
    return this.left > 0;
  }
}

/**
 * Visits the members of the object that begins at or after `from` (white space is skipped), in
 * their order, duplicates included. Undefined where no object begins there.
 */
export function scanObject(
  json: Buffer, from: number, visit: (member: JsonMember) => void, budget = new ScanBudget(),
): ObjectScan | undefined {
  const start = budget.skipWhitespace(json, from);
  if (json[start] !== OPEN_BRACE) return undefined;
  let pos = budget.skipWhitespace(json, start + 1);
  if (json[pos] === CLOSE_BRACE) return { start, end: pos + 1, complete: true };
  for (;;) {
    const at = pos;
    if (json[pos] !== QUOTE || !budget.spend(MEMBER_COST)) return { start, end: at, complete: false };
    const keyEnd = skipString(json, pos, budget);
    if (keyEnd === -1) return { start, end: at, complete: false };
    const key = keyEnd - pos > MAX_KEY_BYTES ? '' : readString(json, pos, keyEnd);
    // Its escapes were read.
    if (key !== undefined && key.length !== keyEnd - pos - 2) budget.left -= ESCAPED_COST;
    pos = budget.skipWhitespace(json, keyEnd);
    if (key === undefined || json[pos] !== COLON) return { start, end: at, complete: false };
    const valueStart = budget.skipWhitespace(json, pos + 1);
    const valueEnd = skipValue(json, valueStart, budget);
    if (valueEnd === -1) return { start, end: at, complete: false };
    visit({ key, valueStart, valueEnd });
    pos = budget.skipWhitespace(json, valueEnd);
    if (json[pos] === CLOSE_BRACE) return { start, end: pos + 1, complete: true };
    if (json[pos] !== COMMA) return { start, end: at, complete: false };
    pos = budget.skipWhitespace(json, pos + 1);
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

/** One past the value that begins at `start`; -1 where it is broken, cut off or beyond the budget. */
export function skipValue(json: Buffer, start: number, budget = new ScanBudget()): number {
  const first = json[start];
  if (first === QUOTE) return skipString(json, start, budget);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipContainer(json, start, budget);
  const last = start + MAX_SCALAR_BYTES;
  let end = start;
  for (let byte = json[end]; byte !== undefined && !endsScalar(byte); byte = json[end]) {
    if (++end > last) return -1;
  }
  try {
    JSON.parse(json.toString('latin1', start, end));
    return end;
  } catch {
    return -1;
  }
}

/** One past the closing quote of the string whose opening quote is at `open`; -1 where there is none within the budget. */
export function skipString(json: Buffer, open: number, budget = new ScanBudget()): number {
  const length = json.length;
  let pos = open + 1;
  for (;;) {
    const near = Math.min(pos + NEAR_BYTES, length);
    while (pos < near) {
      const byte = json[pos];
      if (byte === QUOTE) return pos + 1;
      pos += byte === BACKSLASH ? 2 : 1;
    }
    if (pos >= length || !budget.spend(SEARCH_COST)) return -1;
    const quote = json.indexOf(QUOTE, pos);
    if (quote === -1) return -1;
    let slashes = 0;
    while (slashes < budget.left && quote - slashes > pos && json[quote - slashes - 1] === BACKSLASH) slashes++;
    if (!budget.spend(slashes)) return -1;
    if (slashes % 2 === 0) return quote + 1;
    pos = quote + 1;
  }
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20;
}

function skipContainer(json: Buffer, open: number, budget: ScanBudget): number {
  const closers: number[] = [];
  const length = json.length;
  let nextBracket = -1; // the next `]`, remembered so that nested arrays do not search for it again
  let pos = open;
  let counted = open; // the budget knows of what stands before
  let stop = Math.min(length, pos + budget.left);
  while (pos < stop) {
    const byte = json[pos];
    if (byte === QUOTE) {
      if (!budget.spend(pos - counted + STRING_COST)) return -1;
      pos = skipString(json, pos, budget);
      if (pos === -1) return -1;
      counted = pos;
      stop = Math.min(length, pos + budget.left);
      continue;
    }
    pos++;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (closers.length >= MAX_DEPTH || !budget.spend(CONTAINER_COST)) return -1;
      stop = Math.min(length, counted + budget.left);
      closers.push(byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
      if (byte === OPEN_BRACE) continue;
      if (nextBracket < pos) nextBracket = json.indexOf(CLOSE_BRACKET, pos);
      if (nextBracket === -1) return -1;
      if (nextBracket - pos >= NUMBER_RUN_BYTES && holdsOnlyScalars(json, pos, nextBracket)) {
        counted += nextBracket - pos;
        stop = Math.min(length, counted + budget.left);
        pos = nextBracket;
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (closers.pop() !== byte) return -1;
      if (closers.length === 0) return budget.spend(pos - counted) ? pos : -1;
    }
  }
  return -1;
}

/** Embedding vectors are long runs of numbers: passed over by three native searches. */
function holdsOnlyScalars(json: Buffer, start: number, end: number): boolean {
  const run = json.subarray(start, end);
  return run.indexOf(OPEN_BRACKET) === -1 && run.indexOf(QUOTE) === -1 && run.indexOf(OPEN_BRACE) === -1;
}

/** Members of a document, and whether they were all seen. */
export interface PickedMembers {
  readonly members: Readonly<Record<string, unknown>>;
  readonly complete: boolean;
}

/**
 * The named top-level members of a JSON object, parsed; the last of duplicates wins. Members over
 * `maxMemberBytes`, broken ones, and what follows a fault or the end of the budget are left out.
 */
export function scanMembers(json: Buffer, names: readonly string[], maxMemberBytes: number): PickedMembers {
  const found = new Map<string, JsonMember>();
  const scan = scanObject(json, 0, (member) => {
    if (member.valueEnd - member.valueStart <= maxMemberBytes && names.includes(member.key)) found.set(member.key, member);
  });
  const members: Record<string, unknown> = {};
  for (const { key, valueStart, valueEnd } of found.values()) {
    try {
      members[key] = JSON.parse(json.toString('utf8', valueStart, valueEnd));
    } catch {
      members[key] = undefined;
    }
  }
  return { members, complete: scan?.complete === true };
}

/** The members that `scanMembers` finds, whether or not it saw all. */
export function pickMembers(json: Buffer, names: readonly string[], maxMemberBytes: number): Readonly<Record<string, unknown>> {
  return scanMembers(json, names, maxMemberBytes).members;
}

/**
 * The text of a JSON document with an ellipsis for each string of more than `maxBytes`, values and keys alike, so that parsing
 * it costs what its structure costs and not what its texts cost. A string that was there is never empty afterwards; what is
 * broken within a long one is not noticed.
 */
export function withoutLongStrings(json: Buffer, maxBytes: number): string {
  const unbounded = new ScanBudget(Infinity);
  let text = '';
  let from = 0;
  for (let open = json.indexOf(QUOTE); open !== -1;) {
    const end = skipString(json, open, unbounded);
    if (end === -1) break;
    if (end - open > maxBytes) {
      text += `${json.toString('utf8', from, open + 1)}…`;
      from = end - 1;
    }
    open = json.indexOf(QUOTE, end);
  }
  return text + json.toString('utf8', from);
}
