import type { Dialect, Observation } from '../domain/dialect.js';
import { cohereUsage } from './cohere-usage.js';
import { isEventStream, mediaType } from './content-type.js';
import { eventType } from './event-type.js';
import { topLevelText } from './json-scan.js';
import { asRecord, asText, parseJson, type JsonRecord } from './json-values.js';

/** Cohere's errors have no type in the body; its SDKs name them by status, and so do we. */
const ERROR_CLASSES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'UnauthorizedError',
  403: 'ForbiddenError',
  404: 'NotFoundError',
  422: 'UnprocessableEntityError',
  429: 'TooManyRequestsError',
  498: 'InvalidTokenError',
  499: 'ClientClosedRequestError',
  500: 'InternalServerError',
  501: 'NotImplementedError',
  503: 'ServiceUnavailableError',
  504: 'GatewayTimeoutError',
};
const TOKEN_EVENTS = new Set(['content-delta', 'tool-plan-delta', 'tool-call-delta']);
const OWN_TYPE = /^(?:message|content|tool-plan|tool-call|citation)-/;

/** Chat, embed and rerank of Cohere, in both versions. */
export const cohere: Dialect = {
  name: 'cohere',
  bodyMembers: ['usage', 'meta', 'finish_reason', 'message'],
  usageMember: 'usage',
  streamFormat: (contentType) => (isEventStream(contentType) ? 'sse' : isJsonLines(contentType) ? 'ndjson' : undefined),
  errorBody: ({ message, requestId }) => JSON.stringify({ id: requestId, message }),
  readBody(body, status, into) {
    const answer = asRecord(body);
    if (status >= 400) {
      into.failed = true;
      const errorClass = ERROR_CLASSES[status];
      if (errorClass !== undefined) into.providerErrorType = errorClass;
    } else if (answer !== undefined) {
      readEnd(answer, answer.usage ?? answer.meta, into);
    }
  },
  readEvent(event, into) {
    const { data } = event;
    const type = eventType(event, isOwnType);
    if (TOKEN_EVENTS.has(type)) {
      if (!into.hasToken) into.hasToken = hasToken(asRecord(asRecord(asRecord(parseJson(data))?.delta)?.message));
    } else if (type === 'message-end') {
      const delta = asRecord(asRecord(parseJson(data))?.delta);
      if (delta !== undefined) readEnd(delta, delta.usage, into);
      into.complete = true;
    } else if (!isOwnType(type)) {
      readFirstVersion(data, into);
    }
  },
};

/** Streams of version 1 are lines of JSON. */
function isJsonLines(contentType: string): boolean {
  const type = mediaType(contentType);
  return type === 'application/stream+json' || type === 'application/x-ndjson';
}

/** An event of version 1; the last one holds the whole answer. */
function readFirstVersion(data: Buffer, into: Observation): void {
  const type = topLevelText(data, 'event_type');
  if (type === 'text-generation' || type === 'tool-calls-chunk') {
    into.hasToken = true;
  } else if (type === 'stream-end') {
    const end = asRecord(parseJson(data));
    const response = asRecord(end?.response);
    readEnd({ ...response, ...end }, response?.meta, into);
    into.complete = true;
  }
}

function readEnd(end: JsonRecord, usage: unknown, into: Observation): void {
  const reason = asText(end.finish_reason);
  if (reason !== undefined) into.finishReason = reason;
  const read = cohereUsage(usage);
  if (read !== undefined) into.usage = read;
  if (reason !== 'ERROR' && asText(end.error) === undefined) return;
  into.failed = true;
  into.providerErrorType ??= 'ERROR'; // what the generation failed of is free text
}

function hasToken(message: JsonRecord | undefined): boolean {
  const content = asRecord(message?.content);
  const call = asRecord(asRecord(message?.tool_calls)?.function);
  return [content?.text, content?.thinking, message?.tool_plan, call?.arguments].some((part) => asText(part) !== undefined);
}

function isOwnType(type: string): boolean {
  return OWN_TYPE.test(type);
}
