import type { UsagePart } from './usage.js';

/** What a tap has learnt from a response so far; filled in place by a dialect. */
export interface Observation {
  responseModel?: string;
  /** Last usage wins; cumulative usages replace what came before. */
  usage?: UsagePart;
  /** The model that transcribes the input of a realtime session; it has a bill of its own. */
  transcriptionModel?: string;
  finishReason?: string;
  /** A response that the provider makes in the background, and whether this answer only reads it. */
  background?: { readonly id: string; readonly stored: boolean };
  /** The provider's own error type or code (an error body under any status, or an in-stream error event). */
  providerErrorType?: string;
  /** The body is an error, or an error event came in the stream. */
  failed: boolean;
  /** An event with text, reasoning or tool arguments has come. */
  hasToken: boolean;
  /** The dialect's last event has come (`[DONE]`, `message_stop`, …): what follows changes nothing. */
  complete: boolean;
}

export type StreamFormat = 'sse' | 'ndjson' | 'aws-eventstream' | 'json-array';

/** One event of a stream, whatever its framing. */
export interface StreamEvent {
  /** SSE `event:`, AWS `:event-type` or `:exception-type`; empty when the framing has none. */
  readonly type: string;
  /** The payload's bytes: SSE `data:` lines joined by LF, one NDJSON line, one array element, one frame's payload. */
  readonly data: Buffer;
  /** The framing itself says that this is an error (an AWS frame whose `:message-type` is no event). */
  readonly isError?: boolean;
}

/** An error that the gateway itself answers. */
export interface ErrorAnswer {
  readonly status: number;
  /** The gateway's error type, see ERROR_TYPES. */
  readonly type: string;
  /** One sentence for the user: what is wrong and what fixes it; no secrets. */
  readonly message: string;
  readonly requestId: string;
}

/** What of a request its path alone tells (Gemini, Bedrock, Azure deployments). */
export interface PathFacts {
  model?: string;
  stream?: boolean;
}

/**
 * A wire format: where model, usage, finish reason and errors are, in a JSON body and in a stream.
 * Stateless; whatever is learnt goes into the Observation. Methods never throw on strange input:
 * what is not understood is left absent.
 */
export interface Dialect {
  readonly name: string;
  /** Top-level members that readBody looks at: of a body over 1 MiB only these are read. */
  readonly bodyMembers: readonly string[];
  /** The top-level member with the usage, looked for at the end of a body that is too big to keep. */
  readonly usageMember?: string;
  /** The framing of this dialect's streams, by the answer's content type; undefined where it is no stream. */
  streamFormat(contentType: string): StreamFormat | undefined;
  /** Body (JSON text) of the gateway's own error, in the shape that this dialect's SDKs parse. */
  errorBody(error: ErrorAnswer): string;
  /** Facts that stand in the path (native path, no query string). */
  readPath?(path: string): PathFacts;
  /** Facts from the answer's headers (Bedrock's token counts, x-amzn-errortype); names are lower-case. */
  readHeaders?(header: (name: string) => string | undefined, status: number, into: Observation): void;
  /** Reads a whole JSON body. */
  readBody(body: unknown, status: number, into: Observation): void;
  /** What a message of the client's says over a WebSocket; only where it is said nowhere else (path, query). */
  readClientMessage?(data: Buffer): { model?: string };
  /** Reads one event. Must be cheap for events that carry nothing: look at the bytes before parsing. */
  readEvent(event: StreamEvent, into: Observation): void;
}
