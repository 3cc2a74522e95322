import type { Dialect, ErrorAnswer, Observation } from '../domain/dialect.js';
import { anthropicUsage, type AnthropicUsageFlavour } from './anthropic-usage.js';
import { isEventStream } from './content-type.js';
import { eventType, typeMember } from './event-type.js';
import { readGeminiPath } from './google-path.js';
import { asRecord, asText, parseJson, type JsonRecord } from './json-values.js';

const EVENT_TYPES = new Set([
  'message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop', 'ping', 'error',
]);
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** The Messages API, of Anthropic and of those that speak like it. */
export function anthropicMessagesDialect(flavour: AnthropicUsageFlavour = {}): Dialect {
  return {
    name: 'anthropic-messages',
    bodyMembers: ['type', 'model', 'usage', 'stop_reason', 'error'],
    usageMember: 'usage',
    streamFormat: (contentType) => (isEventStream(contentType) ? 'sse' : undefined),
    errorBody: anthropicErrorBody,
    readBody(body, status, into) {
      const message = asRecord(body);
      if (message === undefined) return;
      if (status >= 400 || message.type === 'error') readError(message, into);
      else readMessage(message, into, flavour);
    },
    readEvent(event, into) {
      readAnthropicEvent(eventType(event, isOwnType), event.data, into, flavour);
    },
  };
}

export const anthropicMessages = anthropicMessagesDialect();

/** The same on Vertex AI, where model and stream stand in the path (`/models/{m}:streamRawPredict`). */
export const anthropicOnVertex: Dialect = { ...anthropicMessages, readPath: readGeminiPath };

/** Files, models and batches of messages: reading one again must not count its tokens again. */
export const anthropicStored: Dialect = {
  name: 'anthropic-messages',
  bodyMembers: ['type', 'error'],
  streamFormat: () => undefined,
  errorBody: anthropicErrorBody,
  readBody(body, status, into) {
    const answer = asRecord(body);
    if (answer !== undefined && (status >= 400 || answer.type === 'error')) readError(answer, into);
  },
  readEvent: () => undefined,
};

/** One event of a message stream, however it was framed (SSE, or within a frame of Bedrock's). */
export function readAnthropicEvent(type: string, data: Buffer, into: Observation, flavour?: AnthropicUsageFlavour): void {
  switch (type) {
    case 'message_start': {
      const message = asRecord(asRecord(parseJson(data))?.message);
      if (message !== undefined) readMessage(message, into, flavour);
      return;
    }
    case 'content_block_delta':
      if (!into.hasToken) into.hasToken = isToken(asRecord(asRecord(parseJson(data))?.delta));
      return;
    case 'message_delta': {
      const event = asRecord(parseJson(data));
      const reason = asText(asRecord(event?.delta)?.stop_reason);
      if (reason !== undefined) into.finishReason = reason;
      const usage = anthropicUsage(event?.usage, into.usage, flavour);
      if (usage !== undefined) into.usage = usage;
      noteRefusal(!into.hasToken, into);
      return;
    }
    case 'message_stop':
      into.complete = true;
      return;
    case 'error':
      readError(asRecord(parseJson(data)), into);
      into.complete = true; // the SDK raises, and nothing follows
  }
}

/** Type of an event whose framing does not say it; '' where it is none of Anthropic's. */
export function anthropicEventType(data: Buffer): string {
  const type = typeMember(data);
  return type !== undefined && isOwnType(type) ? type : '';
}

function isOwnType(type: string): boolean {
  return EVENT_TYPES.has(type);
}

function anthropicErrorBody({ status, message, requestId }: ErrorAnswer): string {
  return JSON.stringify({ type: 'error', error: { type: ERROR_TYPES[status] ?? 'api_error', message }, request_id: requestId });
}

function readMessage(message: JsonRecord, into: Observation, flavour?: AnthropicUsageFlavour): void {
  const model = asText(message.model);
  if (model !== undefined) into.responseModel = model;
  const reason = asText(message.stop_reason);
  if (reason !== undefined) into.finishReason = reason;
  const usage = anthropicUsage(message.usage, into.usage, flavour);
  if (usage !== undefined) into.usage = usage;
  noteRefusal(isEmptyList(message.content), into);
}

/** An answer's content, when there is none. */
export function isEmptyList(content: unknown): boolean {
  return Array.isArray(content) && content.length === 0;
}

/** A refusal that came before any output: the count of a stream's begin may be above zero all the same. */
export function noteRefusal(isEmpty: boolean, into: Observation): void {
  const { usage, finishReason } = into;
  if (finishReason !== 'refusal' || usage === undefined) return;
  if (usage.outputTokens === 0 || (isEmpty && usage.parts === undefined)) into.usage = { ...usage, refused: true };
}

function readError(body: JsonRecord | undefined, into: Observation): void {
  into.failed = true;
  const error = asRecord(body?.error);
  const type = asText(error?.type) ?? asText(error?.status); // Google's word, on Vertex AI
  if (type !== undefined) into.providerErrorType = type;
}

function isToken(delta: JsonRecord | undefined): boolean {
  return [delta?.text, delta?.thinking, delta?.partial_json].some((part) => asText(part) !== undefined);
}
