import type { Dialect, Observation } from '../domain/dialect.js';
import { asCode, asRecord, asText, parseJson, type JsonRecord } from './json-values.js';
import { openAiErrorBody, readOpenAiError } from './openai-errors.js';
import { responsesUsage } from './responses-usage.js';

const TYPE_MEMBER = /"type"\s*:\s*"([a-z_.]+)"/;

/**
 * The messages of OpenAI's realtime WebSocket. Each is read for itself: a session has many
 * responses, and what each of them used is added up by whoever listens.
 */
export const openAiRealtime: Dialect = {
  name: 'openai-realtime',
  bodyMembers: ['error', 'object', 'code', 'type', 'detail', 'fault'],
  streamFormat: () => undefined,
  errorBody: openAiErrorBody,
  readBody(body, status, into) {
    const answer = asRecord(body);
    if (answer !== undefined) readOpenAiError(answer, status >= 400, into);
  },
  readEvent({ data }, into) {
    const type = TYPE_MEMBER.exec(data.toString('latin1', 0, 256))?.[1] ?? '';
    if (type.endsWith('.delta')) {
      into.hasToken = true;
      return;
    }
    if (type !== 'response.done' && type !== 'session.created' && type !== 'session.updated' && type !== 'error') return;
    const event = asRecord(parseJson(data));
    if (event === undefined) return;
    if (type === 'error') readError(asRecord(event.error), into);
    else if (type === 'response.done') readResponse(asRecord(event.response), into);
    else readSession(asRecord(event.session), into);
  },
};

function readSession(session: JsonRecord | undefined, into: Observation): void {
  const model = asText(session?.model);
  if (model !== undefined) into.responseModel = model;
}

function readResponse(response: JsonRecord | undefined, into: Observation): void {
  const usage = responsesUsage(response?.usage);
  if (usage !== undefined) into.usage = usage;
  const status = asText(response?.status);
  if (status !== undefined) into.finishReason = status;
  if (status === 'failed') readError(asRecord(asRecord(response?.status_details)?.error), into);
}

function readError(error: JsonRecord | undefined, into: Observation): void {
  into.failed = true;
  const type = asCode(error?.code) ?? asText(error?.type);
  if (type !== undefined) into.providerErrorType = type;
}
