import { skipWhitespace } from './json-scan.js';

/** Where the decoded bytes of a body go. */
export interface BodySink {
  push(chunk: Buffer): void;
  end(): void;
}

export interface SniffedBodyOptions {
  /** What reads server-sent events, where the dialect has such streams. */
  readonly events: (() => BodySink) | undefined;
  /** What reads Amazon's binary frames. */
  readonly frames: (() => BodySink) | undefined;
  /** What reads JSON: one document, or a stream of them. */
  readonly json: () => BodySink;
  readonly jsonIsStream: boolean;
  /** What a body is taken for that begins as nothing known. */
  readonly otherwise: 'events' | 'nothing';
}

const MARK = [0xef, 0xbb, 0xbf];
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** First letters of the fields of an event stream (`data`, `event`, `id`, `retry`), and of its comments. */
const FIELD_STARTS = new Set(Array.from('deir:', (letter) => letter.charCodeAt(0)));

/**
 * A body whose first bytes say how it is read. Headers are not enough: there are servers that stream
 * without a content type, as plain text or as JSON, and that answer with JSON under the type of a
 * stream. No line of an event stream begins with a brace or a bracket, and no JSON with a field's name.
 */
export class SniffedBody implements BodySink {
  readonly #options: SniffedBodyOptions;
  #sink: BodySink | undefined;
  #decided = false;
  #isStream = false;
  /** Bytes of a byte order mark that have come. */
  #marked = 0;

  constructor(options: SniffedBodyOptions) {
    this.#options = options;
  }

  /** The bytes are those of a stream. */
  get isStream(): boolean {
    return this.#isStream;
  }

  push(chunk: Buffer): void {
    if (this.#decided) {
      this.#sink?.push(chunk);
      return;
    }
    let start = 0;
    while (this.#marked < MARK.length && start < chunk.length && chunk[start] === MARK[this.#marked]) {
      this.#marked += 1;
      start += 1;
    }
    start = skipWhitespace(chunk, start);
    const first = chunk[start];
    if (first === undefined) return;
    this.#decided = true;
    this.#decide(first);
    this.#sink?.push(chunk.subarray(start));
  }

  end(): void {
    this.#sink?.end();
  }

  #decide(first: number): void {
    const { events, frames, json, jsonIsStream, otherwise } = this.#options;
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      this.#isStream = jsonIsStream;
      this.#sink = json();
    } else if (first === 0 && frames !== undefined) {
      this.#isStream = true;
      this.#sink = frames();
    } else if (FIELD_STARTS.has(first) || otherwise === 'events') {
      this.#isStream = events !== undefined;
      this.#sink = events?.();
    }
  }
}
