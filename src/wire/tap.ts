import type { Dialect, Observation, StreamEvent, StreamFormat } from '../domain/dialect.js';
import { AwsEventStreamSplitter } from './aws-eventstream.js';
import { contentEncodings, createContentDecoder, type ContentDecoder } from './content-decoding.js';
import { mayBeJson } from './content-type.js';
import { JsonArraySplitter } from './json-array.js';
import { JsonBody } from './json-body.js';
import { NdjsonSplitter } from './ndjson.js';
import { SniffedBody, type BodySink } from './sniffed-body.js';
import { SseSplitter } from './sse.js';
import type { OnEvent, StreamSplitter } from './stream-splitter.js';

export interface TapOptions {
  readonly dialect: Dialect;
  /** The answer's `content-type`, '' where it has none. */
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly status: number;
  /** The request asks for a stream: one may come under any content type. */
  readonly streamAsked?: boolean;
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
  /** The answer is a stream of events: its header says so, or its first bytes do. */
  readonly isStream: boolean;
  /** Never throws; after `finish` it does nothing. The chunk must not be changed afterwards. */
  push(chunk: Buffer): void;
  /** The body has ended. Calls `done` once: at once, or after the decoder of an encoded body has drained or failed. */
  finish(done: () => void): void;
}

const SPLITTERS: Readonly<Record<'ndjson' | 'aws-eventstream', new (onEvent: OnEvent) => StreamSplitter>> = {
  'ndjson': NdjsonSplitter,
  'aws-eventstream': AwsEventStreamSplitter,
};

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
  readonly #isStream: boolean;
  readonly #sink: GuardedSink | undefined;
  readonly #decoder: ContentDecoder | undefined;
  #finished = false;

  constructor(observation: Observation, isStream: boolean, sink: GuardedSink | undefined, decoder: ContentDecoder | undefined) {
    this.observation = observation;
    this.#isStream = isStream;
    this.#sink = sink;
    this.#decoder = decoder;
  }

  get isStream(): boolean {
    return this.#isStream || this.#sink?.isStream === true;
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
class GuardedSink implements BodySink {
  readonly #whole: BodySink;
  #sink: BodySink | undefined;

  constructor(sink: BodySink) {
    this.#whole = sink;
    this.#sink = sink;
  }

  get isStream(): boolean {
    return this.#whole instanceof SniffedBody && this.#whole.isStream;
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

function sinkFor(format: StreamFormat | undefined, options: TapOptions, into: Observation): BodySink | undefined {
  const { dialect, contentType, status } = options;
  const streamAsked = options.streamAsked === true;
  const onEvent = eventReader(options, into);
  // Binary frames and lines of JSON are what their names say; the rest is text, which often goes under another name.
  if (format === 'aws-eventstream' || format === 'ndjson') return new SPLITTERS[format](onEvent);
  if (format === undefined && !streamAsked && !mayBeJson(contentType)) return undefined;
  const speaks = formatsOf(dialect);
  const jsonStreams = format === 'json-array' || speaks.jsonArray || (streamAsked && speaks.ndjson);
  return new SniffedBody({
    otherwise: format === 'sse' ? 'events' : 'nothing',
    events: speaks.sse ? () => new SseSplitter(onEvent) : undefined,
    frames: streamAsked && speaks.awsEventStream ? () => new AwsEventStreamSplitter(onEvent) : undefined,
    json: jsonStreams ? () => new JsonArraySplitter(onEvent) : () => new JsonBody(dialect, status, into),
    jsonIsStream: jsonStreams,
  });
}

interface StreamFormats {
  readonly sse: boolean;
  readonly ndjson: boolean;
  readonly jsonArray: boolean;
  readonly awsEventStream: boolean;
}

const formats = new WeakMap<Dialect, StreamFormats>();

/** The framings that a dialect's streams may have. */
function formatsOf(dialect: Dialect): StreamFormats {
  const known = formats.get(dialect);
  if (known !== undefined) return known;
  const found = {
    sse: dialect.streamFormat('text/event-stream') === 'sse',
    ndjson: dialect.streamFormat('application/x-ndjson') === 'ndjson',
    jsonArray: dialect.streamFormat('application/json') === 'json-array',
    awsEventStream: dialect.streamFormat('application/vnd.amazon.eventstream') === 'aws-eventstream',
  };
  formats.set(dialect, found);
  return found;
}

function eventReader({ dialect, onFirstToken }: TapOptions, into: Observation): (event: StreamEvent) => void {
  return (event) => {
    // After the last event only a usage that is still missing is of interest.
    if (into.complete && (into.failed || into.usage !== undefined)) return;
    const before = into.hasToken;
    dialect.readEvent(event, into);
    if (!before && into.hasToken) onFirstToken?.();
  };
}
