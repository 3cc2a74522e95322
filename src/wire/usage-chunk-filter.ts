import { holdsValue, memberPattern } from './byte-search.js';
import { asRecord, parseJson } from './json-values.js';
import { beginsWithLf, LineCursor } from './line-cursor.js';
import { SseSplitter } from './sse.js';

/** An incomplete event longer than this is no usage chunk: it is let pass. */
const MAX_HELD_BYTES = 64 * 1024;
const USAGE = memberPattern('usage');

/**
 * Takes the usage chunk that the gateway asked for out of an OpenAI-style stream, for a client that
 * did not ask: the event with empty `choices` and a usage object. Everything else passes byte for
 * byte; at most one incomplete event is held back.
 */
export class UsageChunkFilter {
  #held: Buffer | undefined;
  /** An event that was let pass before its end had come is under way. */
  #passing = false;
  /** While passing: the last byte that passed ended a line. */
  #atLineStart = true;
  #afterCr = false;
  #droppedLast = false;

  /** The bytes that may go on to the client now; undefined when there are none. */
  push(chunk: Buffer): Buffer | undefined {
    if (chunk.length === 0) return undefined;
    const out: Buffer[] = [];
    let bytes = chunk;
    // The second half of a CRLF that was cut in two belongs to the event before it.
    if (this.#afterCr && beginsWithLf(chunk)) {
      bytes = chunk.subarray(1);
      if (this.#held !== undefined) this.#held = Buffer.concat([this.#held, chunk.subarray(0, 1)]);
      else if (!this.#droppedLast) out.push(chunk.subarray(0, 1));
      this.#afterCr = false;
      if (bytes.length === 0) return joined(out);
    }
    this.#afterCr = bytes[bytes.length - 1] === 0x0d;
    this.#split(bytes, out);
    return joined(out);
  }

  /** What is still held when the stream ends; undefined when that is nothing. */
  end(): Buffer | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined || isUsageChunk(held) ? undefined : held;
  }

  #split(fresh: Buffer, out: Buffer[]): void {
    const bytes = this.#held === undefined ? fresh : Buffer.concat([this.#held, fresh]);
    this.#held = undefined;
    const cursor = new LineCursor(bytes);
    let passFrom = 0; // begin of the bytes that are known to pass
    let eventStart = 0;
    let line = 0;
    let atLineStart = this.#passing ? this.#atLineStart : true;
    this.#droppedLast = false;
    while (cursor.find(line)) {
      const endsEvent = atLineStart && cursor.end === line;
      atLineStart = true;
      line = cursor.next;
      if (!endsEvent) continue;
      this.#droppedLast = !this.#passing && isUsageChunk(bytes.subarray(eventStart, line));
      if (this.#droppedLast) {
        if (eventStart > passFrom) out.push(bytes.subarray(passFrom, eventStart));
        passFrom = line;
      }
      this.#passing = false;
      eventStart = line;
    }
    const incomplete = bytes.length - eventStart;
    if (incomplete > 0) this.#droppedLast = false;
    if (this.#passing || incomplete > MAX_HELD_BYTES) {
      this.#passing = true;
      this.#atLineStart = atLineStart && line === bytes.length;
      eventStart = bytes.length;
    } else if (incomplete > 0) {
      this.#held = bytes.subarray(eventStart);
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
    found = Array.isArray(chunk?.choices) && chunk.choices.length === 0 && asRecord(chunk.usage) !== undefined;
  });
  splitter.push(event);
  splitter.end();
  return found;
}
