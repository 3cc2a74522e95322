import { readString, ScanBudget, scanObject, type JsonMember } from './json-scan.js';

/** One edit of a body: the bytes from `start` to `end` (exclusive) are replaced by `insert`. */
export interface BodySplice {
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

/** What the gateway needs to know of a JSON request body. */
export interface BodyFacts {
  /** The body begins as a JSON object, and not so much stands in it that the scan gave up. */
  isObject: boolean;
  /** Top-level `model`, where it is a string. */
  model?: string;
  /** Top-level `stream`, where it is a boolean. */
  stream?: boolean;
  /** There is a top-level `data_sources` (Azure OpenAI "On Your Data"). */
  hasDataSources?: true;
  /**
   * The edit that makes a chat or text completion ask for `stream_options.include_usage`: present
   * only where top-level `stream` is `true`, the body is well-formed and the client did not ask.
   */
  usageSplice?: BodySplice;
}

const TRUE = 'true';
/** No model has a longer name, escapes included: of one that is longer, the begin is read. */
const MAX_MODEL_BYTES = 8 * 1024;

/**
 * Reads a JSON request body, at a cost that is bounded whatever stands in it. Never throws: of a
 * broken body, or one of a great many small members, what is known, and no splice.
 */
export function readBodyFacts(body: Buffer): BodyFacts {
  let model: JsonMember | undefined;
  let stream: JsonMember | undefined;
  let streamOptions: JsonMember | undefined;
  const facts: BodyFacts = { isObject: false };
  const budget = new ScanBudget();
  const start = skipByteOrderMark(body);
  const object = scanObject(body, start, (member) => {
    if (member.key === 'model') model = member;
    else if (member.key === 'stream') stream = member;
    else if (member.key === 'stream_options') streamOptions = member;
    else if (member.key === 'data_sources') facts.hasDataSources = true;
  }, budget);
  facts.isObject = object !== undefined && budget.left > 0;
  if (object === undefined) return facts;
  const modelName = model && readModel(body, model);
  if (modelName !== undefined) facts.model = modelName;
  const streamText = stream && textOf(body, stream);
  if (streamText === TRUE || streamText === 'false') facts.stream = streamText === TRUE;
  if (facts.stream === true && object.complete && budget.skipWhitespace(body, object.end) === body.length) {
    const splice = includeUsage(body, object.start, streamOptions, budget);
    if (splice !== undefined) facts.usageSplice = splice;
  }
  return facts;
}

function readModel(body: Buffer, { valueStart, valueEnd }: JsonMember): string | undefined {
  if (body[valueStart] !== 0x22) return undefined;
  if (valueEnd - valueStart <= MAX_MODEL_BYTES) return readString(body, valueStart, valueEnd);
  const begin = body.toString('utf8', valueStart + 1, valueStart + MAX_MODEL_BYTES);
  return begin.includes('\\') ? undefined : begin;
}

/** The body with the edit made; every other byte stays as it is. */
export function applySplice(body: Buffer, splice: BodySplice): Buffer {
  return Buffer.concat([body.subarray(0, splice.start), Buffer.from(splice.insert), body.subarray(splice.end)]);
}

/** The body as it was before the edit; `replaced` is what stood between `start` and `end`. */
export function revertSplice(body: Buffer, { start, insert }: BodySplice, replaced: Buffer): Buffer {
  return Buffer.concat([body.subarray(0, start), replaced, body.subarray(start + Buffer.byteLength(insert))]);
}

function includeUsage(
  body: Buffer, objectStart: number, options: JsonMember | undefined, budget: ScanBudget,
): BodySplice | undefined {
  if (options === undefined) {
    // A member follows, since `stream` is one.
    return insertAt(objectStart + 1, '"stream_options":{"include_usage":true},');
  }
  if (textOf(body, options) === 'null') {
    return { start: options.valueStart, end: options.valueEnd, insert: '{"include_usage":true}' };
  }
  let asked: JsonMember | undefined;
  let members = 0;
  const object = scanObject(body, options.valueStart, (member) => {
    members += 1;
    if (member.key === 'include_usage') asked = member;
  }, budget);
  if (!object?.complete) return undefined; // not an object: the provider's to refuse
  if (asked === undefined) return insertAt(object.start + 1, `"include_usage":true${members === 0 ? '' : ','}`);
  const value = textOf(body, asked);
  if (value !== 'false' && value !== 'null') return undefined;
  return { start: asked.valueStart, end: asked.valueEnd, insert: TRUE };
}

function insertAt(offset: number, insert: string): BodySplice {
  return { start: offset, end: offset, insert };
}

/** The text of a short scalar; undefined for anything longer than `false`. */
function textOf(body: Buffer, { valueStart, valueEnd }: JsonMember): string | undefined {
  return valueEnd - valueStart <= 5 ? body.toString('latin1', valueStart, valueEnd) : undefined;
}

function skipByteOrderMark(body: Buffer): number {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
}
