import type { Dialect, Observation } from '../domain/dialect.js';
import { typeMember } from './event-type.js';
import { asCode, asRecord, asText, parseJson, type JsonRecord } from './json-values.js';
import { openAiErrorBody, readOpenAiError } from './openai-errors.js';
import { responsesUsage } from './responses-usage.js';

const SESSION = /^(?:transcription_)?session\.(?:created|updated|update)$/;
const TRANSCRIBED = 'conversation.item.input_audio_transcription.completed';

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
  readClientMessage(data) {
    const type = typeMember(data) ?? '';
    if (!SESSION.test(type)) return {};
    const session = asRecord(asRecord(parseJson(data))?.session);
    const transcribes = session?.type === 'transcription' || type.startsWith('transcription_');
    const model = asText(session?.model) ?? (transcribes ? transcriptionModel(session) : undefined);
    return model === undefined ? {} : { model };
  },
  readEvent({ data }, into) {
    const type = typeMember(data) ?? '';
    if (type.endsWith('.delta')) {
      into.hasToken = true;
      return;
    }
    if (type !== 'response.done' && type !== TRANSCRIBED && type !== 'error' && !SESSION.test(type)) return;
    const event = asRecord(parseJson(data));
    if (event === undefined) return;
    if (type === 'error') readError(asRecord(event.error), into);
    else if (type === 'response.done') readResponse(asRecord(event.response), into);
    else if (type === TRANSCRIBED) readTranscription(event, into);
    else readSession(asRecord(event.session), into);
  },
};

function readSession(session: JsonRecord | undefined, into: Observation): void {
  const transcription = transcriptionModel(session);
  if (transcription !== undefined) into.transcriptionModel = transcription;
  const model = asText(session?.model) ?? transcription; // one that only transcribes has no other
  if (model !== undefined) into.responseModel = model;
}

function transcriptionModel(session: JsonRecord | undefined): string | undefined {
  const input = asRecord(asRecord(session?.audio)?.input);
  const transcription = asRecord(input?.transcription) ?? asRecord(session?.input_audio_transcription);
  return asText(transcription?.model);
}

/** Transcribing what the user says is another model's work, with a bill of its own. */
function readTranscription(event: JsonRecord, into: Observation): void {
  const usage = responsesUsage(event.usage);
  const model = into.transcriptionModel;
  if (usage !== undefined) into.usage = model === undefined ? usage : { ...usage, model };
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
