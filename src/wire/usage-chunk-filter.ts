import { holdsValue, memberPattern } from './byte-search.js';
import { asRecord, parseJson, type JsonRecord } from './json-values.js';
import { KeptBytes } from './kept-bytes.js';
import { beginsWithLf, LineCursor } from './line-cursor.js';
import { SseSplitter } from './sse.js';

/** An incomplete event longer than this is not a usage chunk: it is let pass. */
const MAX_HELD_BYTES = 64 * 1024;
const CR = 0x0d;
const USAGE = memberPattern('usage');

/**
 * Takes the usage chunk that the gateway asked for out of an OpenAI-style stream, for a client that
 * did not ask: the event that has a usage object and says nothing else. Everything else passes byte
 * for byte, also what is not a stream at all; at most one incomplete event is held back.
 */
export class UsageChunkFilter {
  /** The begin of an event whose end has not come. */
  readonly #held = new KeptBytes();
  /** An event that was let pass before its end had come is under way. */
  #passing = false;
  /** The last byte ended a line. */
  #atLineStart = true;
  #afterCr = false;
  /** The last byte ended an event that was taken out. */
  #droppedLast = false;

  /** The bytes that may go on to the client now; undefined when there are none. */
  push(chunk: Buffer): Buffer | undefined {
    if (chunk.length === 0) return undefined;
    const out: Buffer[] = [];
    let bytes = chunk;
    // The second half of a CRLF that was cut in two belongs to the event before it.
    if (this.#afterCr && beginsWithLf(chunk)) {
      bytes = chunk.subarray(1);
      if (this.#held.length > 0) this.#held.push(chunk.subarray(0, 1));
      else if (!this.#droppedLast) out.push(chunk.subarray(0, 1));
      this.#afterCr = false;
      if (bytes.length === 0) return joined(out);
    }
    this.#afterCr = bytes[bytes.length - 1] === CR;
    this.#split(bytes, out);
    return joined(out);
  }

  /** What is still held when the stream ends; undefined when that is nothing. */
  end(): Buffer | undefined {
    if (this.#held.length === 0) return undefined;
    const held = this.#held.take();
    return isUsageChunk(held) ? undefined : held;
  }

  #split(bytes: Buffer, out: Buffer[]): void {
    const cursor = new LineCursor(bytes);
    let passFrom = 0; // begin of the bytes that are known to pass
    let eventStart = 0;
    let line = 0;
    let atLineStart = this.#atLineStart;
    this.#droppedLast = false;
    while (cursor.find(line)) {
      const endsEvent = atLineStart && cursor.end === line;
      atLineStart = true;
      line = cursor.next;
      if (!endsEvent) continue;
      const begin = this.#held.take();
      const event = bytes.subarray(eventStart, line);
      this.#droppedLast = !this.#passing && isUsageChunk(begin.length === 0 ? event : Buffer.concat([begin, event]));
      if (this.#droppedLast) {
        if (eventStart > passFrom) out.push(bytes.subarray(passFrom, eventStart));
        passFrom = line;
      } else if (begin.length > 0) {
        out.push(begin);
      }
      this.#passing = false;
      eventStart = line;
    }
    this.#atLineStart = line === bytes.length;
    const incomplete = bytes.length - eventStart;
    if (incomplete > 0) this.#droppedLast = false;
    if (this.#passing || this.#held.length + incomplete > MAX_HELD_BYTES) {
      this.#passing = true;
      if (this.#held.length > 0) out.push(this.#held.take());
      eventStart = bytes.length;
    } else {
      this.#held.push(bytes.subarray(eventStart));
    }
    if (eventStart > passFrom) out.push(bytes.subarray(passFrom, eventStart));
  }
}

function joined(out: readonly Buffer[]): Buffer | undefined {
  return out.length > 1 ? Buffer.concat(out) : out[0];
}

function isUsageChunk(event: Buffer): boolean {
  if (!holdsValue(event, USAGE)) return false;
  let found = false;
  const splitter = new SseSplitter(({ data }) => {
    const chunk = asRecord(parseJson(data));
    found = asRecord(chunk?.usage) !== undefined && isNothing(chunk?.error) && saysNothing(chunk?.choices);
  });
  splitter.push(event);
  splitter.end();
  return found;
}

/** OpenAI's chunk has no choices; LiteLLM's has one that is empty, and others leave the member out. */
function saysNothing(choices: unknown): boolean {
  return isNothing(choices) || (Array.isArray(choices) && choices.every(isEmptyChoice));
}

function isEmptyChoice(choice: unknown): boolean {
  const members = asRecord(choice);
  const delta = members?.delta === null ? NO_MEMBERS : asRecord(members?.delta);
  if (members === undefined || delta === undefined || !Object.values(delta).every(isNothing)) return false;
  return Object.entries(members).every(([name, value]) => name === 'index' || name === 'delta' || isNothing(value));
}

const NO_MEMBERS: JsonRecord = {};

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
