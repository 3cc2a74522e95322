import type { Dialect, Observation, StreamEvent, StreamFormat } from '../domain/dialect.js';
import { AwsEventStreamSplitter } from './aws-eventstream.js';
import { contentEncodings, createContentDecoder, type ContentDecoder } from './content-decoding.js';
import { mayBeJson } from './content-type.js';
import { JsonArraySplitter } from './json-array.js';
import { JsonBody } from './json-body.js';
import { skipWhitespace } from './json-scan.js';
import { NdjsonSplitter } from './ndjson.js';
import { SseSplitter } from './sse.js';
import type { OnEvent, StreamSplitter } from './stream-splitter.js';

export interface TapOptions {
  readonly dialect: Dialect;
  /** The answer's `content-type`, '' where it has none. */
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly status: number;
  /** An answer header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** Called once, when the first event with text, reasoning or tool arguments has come. */
  readonly onFirstToken?: () => void;
}

/** Looks at an answer while it passes; the bytes that the client gets are not its business. */
export interface Tap {
  /**
   * What is known by now. For bodies without content encoding it is up to date when `push` returns,
   * save that a JSON body is read when it has ended (`finish`).
   */
  readonly observation: Observation;
  /** The answer is a stream of events. */
  readonly isStream: boolean;
  /** Never throws; after `finish` it does nothing. The chunk must not be changed afterwards. */
  push(chunk: Buffer): void;
  /** The body has ended. Calls `done` once: at once, or after the decoder of an encoded body has drained or failed. */
  finish(done: () => void): void;
}

/** Where the decoded bytes of a body go. */
interface Sink {
  push(chunk: Buffer): void;
  end(): void;
}

const SPLITTERS: Readonly<Record<StreamFormat, new (onEvent: OnEvent) => StreamSplitter>> = {
  'sse': SseSplitter,
  'ndjson': NdjsonSplitter,
  'aws-eventstream': AwsEventStreamSplitter,
  'json-array': JsonArraySplitter,
};
const OPEN_BRACE = 0x7b;

export function createTap(options: TapOptions): Tap {
  const { dialect, contentType, status } = options;
  const observation: Observation = { failed: status >= 400, hasToken: false, complete: false };
  const format = dialect.streamFormat(contentType);
  quietly(() => dialect.readHeaders?.(options.header, status, observation));
  const encodings = contentEncodings(options.contentEncoding);
  const sink = encodings === undefined ? undefined : sinkFor(format, options, observation);
  const guarded = sink === undefined ? undefined : new GuardedSink(sink);
  const decoder = guarded === undefined || encodings === undefined || encodings.length === 0
    ? undefined : createContentDecoder(encodings, { onData: (chunk) => { guarded.push(chunk); }, onGivenUp: () => { guarded.drop(); } });
  return new BodyTap(observation, format !== undefined, guarded, decoder);
}

class BodyTap implements Tap {
  readonly observation: Observation;
  readonly isStream: boolean;
  readonly #sink: Sink | undefined;
  readonly #decoder: ContentDecoder | undefined;
  #finished = false;

  constructor(observation: Observation, isStream: boolean, sink: Sink | undefined, decoder: ContentDecoder | undefined) {
    this.observation = observation;
    this.isStream = isStream;
    this.#sink = sink;
    this.#decoder = decoder;
  }

  push(chunk: Buffer): void {
    if (this.#finished) return;
    if (this.#decoder === undefined) this.#sink?.push(chunk);
    else this.#decoder.write(chunk);
  }

  finish(done: () => void): void {
    if (this.#finished) return done();
    this.#finished = true;
    if (this.#decoder === undefined) {
      this.#sink?.end();
      return done();
    }
    this.#decoder.end(() => {
      this.#sink?.end();
      done();
    });
  }
}

/** After a fault in the reading of a body nothing more is read; the body passes all the same. */
class GuardedSink implements Sink {
  #sink: Sink | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    try {
      this.#sink?.push(chunk);
    } catch {
      this.#sink = undefined;
    }
  }

  end(): void {
    quietly(() => this.#sink?.end());
    this.#sink = undefined;
  }

  drop(): void {
    this.#sink = undefined;
  }
}

function quietly(read: () => void): void {
  try {
    read();
  } catch {
    // What cannot be read is left out; the body passes all the same.
  }
}

function sinkFor(format: StreamFormat | undefined, options: TapOptions, into: Observation): Sink | undefined {
  const { dialect, contentType, status } = options;
  if (format === undefined) return mayBeJson(contentType) ? new JsonBody(dialect, status, into) : undefined;
  const splitter = new SPLITTERS[format](eventReader(options, into));
  return format === 'sse' ? new SseOrJson(splitter, () => new JsonBody(dialect, status, into)) : splitter;
}

function eventReader({ dialect, onFirstToken }: TapOptions, into: Observation): (event: StreamEvent) => void {
  return (event) => {
    if (into.complete) return;
    const before = into.hasToken;
    dialect.readEvent(event, into);
    if (!before && into.hasToken) onFirstToken?.();
  };
}

/** Some servers send a plain JSON error under `text/event-stream`; no line of an event stream begins with a brace. */
class SseOrJson implements Sink {
  readonly #makeJson: () => Sink;
  #sink: Sink;
  #decided = false;

  constructor(sse: Sink, makeJson: () => Sink) {
    this.#sink = sse;
    this.#makeJson = makeJson;
  }

  push(chunk: Buffer): void {
    if (!this.#decided) {
      const first = chunk[skipWhitespace(chunk, 0)];
      this.#decided = first !== undefined;
      if (first === OPEN_BRACE) this.#sink = this.#makeJson();
    }
    this.#sink.push(chunk);
  }

  end(): void {
    this.#sink.end();
  }
}
