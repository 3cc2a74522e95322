import type { Dialect, ErrorAnswer, Observation } from '../domain/dialect.js';
import { holdsValue, memberPattern } from './byte-search.js';
import { isEventStream, mayBeJson } from './content-type.js';
import { geminiUsage } from './gemini-usage.js';
import { readGeminiPath } from './google-path.js';
import { asArray, asCode, asRecord, asText, parseJson, type JsonRecord } from './json-values.js';

const NEWS = memberPattern('usageMetadata', 'finishReason', 'error');
const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  413: 'INVALID_ARGUMENT',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** `generateContent`, `embedContent` and their kin. */
export const gemini: Dialect = {
  name: 'gemini',
  bodyMembers: ['modelVersion', 'usageMetadata', 'candidates', 'promptFeedback', 'error'],
  usageMember: 'usageMetadata',
  streamFormat: (contentType) => (isEventStream(contentType) ? 'sse' : undefined),
  errorBody: geminiErrorBody,
  readPath: readGeminiPath,
  readBody(body, _status, into) {
    // Errors of a stream without `alt=sse` come as an array of one.
    const answer = asRecord(Array.isArray(body) ? body[0] : body);
    if (answer !== undefined) read(answer, into);
  },
  readEvent({ data }, into) {
    if (into.hasToken && !holdsValue(data, NEWS)) return;
    const chunk = asRecord(parseJson(data));
    if (chunk === undefined) return;
    if (hasToken(chunk)) into.hasToken = true;
    read(chunk, into);
  },
};

/** `streamGenerateContent`: without `alt=sse` its JSON is an array that grows. */
export const geminiStream: Dialect = {
  ...gemini,
  streamFormat: (contentType) =>
    (isEventStream(contentType) ? 'sse' : mayBeJson(contentType) ? 'json-array' : undefined),
};

/** Files, cached contents, operations, token counts: no usage that a call is billed for. */
export const geminiStored: Dialect = {
  ...gemini,
  bodyMembers: ['error'],
  readBody(body, status, into) {
    const answer = asRecord(body);
    if (status >= 400 && answer !== undefined) readError(answer, into);
  },
  readEvent: () => undefined,
};

export function geminiErrorBody({ status, message }: ErrorAnswer): string {
  return JSON.stringify({ error: { code: status, message, status: STATUS_WORDS[status] ?? 'INTERNAL' } });
}

function read(answer: JsonRecord, into: Observation): void {
  const model = asText(answer.modelVersion);
  if (model !== undefined) into.responseModel = model;
  const usage = geminiUsage(answer.usageMetadata);
  if (usage !== undefined) into.usage = usage;
  const reason = asText(asRecord(asArray(answer.candidates)[0])?.finishReason)
    ?? asText(asRecord(answer.promptFeedback)?.blockReason);
  if (reason !== undefined) into.finishReason = reason;
  if (asRecord(answer.error) !== undefined) readError(answer, into);
}

function readError(answer: JsonRecord, into: Observation): void {
  into.failed = true;
  const error = asRecord(answer.error);
  const type = asText(error?.status) ?? asCode(error?.code);
  if (type !== undefined) into.providerErrorType = type;
}

function hasToken(chunk: JsonRecord): boolean {
  return asArray(chunk.candidates).some((candidate) =>
    asArray(asRecord(asRecord(candidate)?.content)?.parts).map(asRecord).some((part) =>
      asText(part?.text) !== undefined || asRecord(part?.functionCall) !== undefined || asRecord(part?.inlineData) !== undefined));
}
