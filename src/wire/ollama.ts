import type { Dialect, Observation } from '../domain/dialect.js';
import { holdsValue, memberPattern } from './byte-search.js';
import { isEventStream, mediaType } from './content-type.js';
import { asRecord, asArray, asText, parseJson, type JsonRecord } from './json-values.js';
import { ollamaUsage } from './ollama-usage.js';

const ERROR = memberPattern('error');
const DONE = /"done"\s*:\s*true/;
const STREAMS_BY_DEFAULT = /\/api\/(?:chat|generate)$/;

/** Ollama's native API: newline-delimited JSON, the last line says `done: true` and has the counts. */
export const ollama: Dialect = {
  name: 'ollama',
  bodyMembers: ['model', 'done_reason', 'prompt_eval_count', 'prompt_eval_cached_count', 'eval_count', 'error'],
  streamFormat(contentType) {
    return mediaType(contentType) === 'application/x-ndjson' ? 'ndjson' : isEventStream(contentType) ? 'sse' : undefined;
  },
  errorBody: ({ message }) => JSON.stringify({ error: message }),
  // Unless the body says `stream: false`.
  readPath: (path) => (STREAMS_BY_DEFAULT.test(path) ? { stream: true } : {}),
  readBody(body, status, into) {
    const answer = asRecord(body);
    if (answer !== undefined) read(answer, into);
    if (status >= 400) into.failed = true;
  },
  readEvent({ data }, into) {
    if (into.hasToken && !holdsValue(data, ERROR) && !DONE.test(data.toString('latin1'))) return;
    const line = asRecord(parseJson(data));
    if (line === undefined) return;
    if (hasToken(line)) into.hasToken = true;
    read(line, into);
    if (line.done === true) into.complete = true;
  },
};

function read(answer: JsonRecord, into: Observation): void {
  const model = asText(answer.model);
  if (model !== undefined) into.responseModel = model;
  const reason = asText(answer.done_reason);
  if (reason !== undefined) into.finishReason = reason;
  const usage = ollamaUsage(answer);
  if (usage !== undefined) into.usage = usage;
  // The error is free text: there is no type to keep.
  if (asText(answer.error) !== undefined) {
    into.failed = true;
    into.complete = true;
  }
}

function hasToken(line: JsonRecord): boolean {
  const message = asRecord(line.message);
  return [message?.content, message?.thinking, line.response, line.thinking].some((part) => asText(part) !== undefined)
    || asArray(message?.tool_calls).length > 0;
}
