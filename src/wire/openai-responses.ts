import type { Dialect, Observation } from '../domain/dialect.js';
import { readDeploymentPath } from './azure-path.js';
import { needle } from './byte-search.js';
import { isEventStream } from './content-type.js';
import { eventType } from './event-type.js';
import { pickMembers } from './json-scan.js';
import { asCode, asRecord, asText, parseJson, type JsonRecord } from './json-values.js';
import { isDone } from './openai-chat.js';
import { openAiErrorBody, readOpenAiError } from './openai-errors.js';
import type { OpenAiUsageFlavour } from './openai-usage.js';
import { responsesUsage } from './responses-usage.js';

const LAST_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed']);
const RESPONSE = needle('response');
const OWN_TYPE = /^(?:response\.|error$)/;
const MAX_NAME_BYTES = 1024;

/** The Responses API: everything that matters stands in the `response` of its events. */
export function openAiResponsesDialect(flavour: OpenAiUsageFlavour = {}): Dialect {
  return {
    name: 'openai-responses',
    bodyMembers: ['id', 'background', 'model', 'usage', 'service_tier', 'status', 'incomplete_details', 'error', 'object', 'code', 'type', 'detail', 'fault'],
    usageMember: 'usage',
    streamFormat: (contentType) => (isEventStream(contentType) ? 'sse' : undefined),
    errorBody: openAiErrorBody,
    readPath: readDeploymentPath,
    readBody(body, status, into) {
      const response = asRecord(body);
      if (response === undefined) return;
      readOpenAiError(response, status >= 400, into);
      if (status < 400) readResponse(response, into, flavour);
    },
    // Over a WebSocket each turn names its model.
    readClientMessage(data) {
      const { type, model } = pickMembers(data, ['type', 'model'], MAX_NAME_BYTES);
      const name = type === 'response.create' ? asText(model) : undefined;
      return name === undefined ? {} : { model: name };
    },
    readEvent(event, into) {
      if (isDone(event.data)) {
        into.complete = true;
        return;
      }
      const type = eventType(event, isOwnType);
      if (type.endsWith('.delta')) {
        if (!into.hasToken) into.hasToken = holdsDelta(event.data);
        return;
      }
      const last = LAST_EVENTS.has(type);
      const wanted = last || type === 'error' || (into.responseModel === undefined && event.data.indexOf(RESPONSE) !== -1);
      if (!wanted) return;
      const parsed = asRecord(parseJson(event.data));
      const response = asRecord(parsed?.response);
      if (response !== undefined) readResponse(response, into, flavour);
      if (last) into.complete = true;
      if (type === 'response.failed') into.failed = true;
      if (type === 'error') readErrorEvent(parsed, into);
    },
  };
}

export const openAiResponses = openAiResponsesDialect();

function readResponse(response: JsonRecord, into: Observation, flavour: OpenAiUsageFlavour): void {
  const model = asText(response.model);
  if (model !== undefined) into.responseModel = model;
  const usage = responsesUsage(response.usage, response.service_tier, flavour);
  if (usage !== undefined) into.usage = usage;
  const id = asText(response.id);
  if (response.background === true && id !== undefined) into.background = { id, stored: false };
  const status = asText(response.status);
  const reason = asText(asRecord(response.incomplete_details)?.reason);
  // While a response is under way its status is no reason to have finished.
  if (status !== undefined && status !== 'in_progress' && status !== 'queued') into.finishReason = reason ?? status;
  if (status !== 'failed') return;
  into.failed = true;
  const error = asRecord(response.error);
  const code = asCode(error?.code) ?? asText(error?.type);
  if (code !== undefined) into.providerErrorType = code;
}

function readErrorEvent(event: JsonRecord | undefined, into: Observation): void {
  into.failed = true;
  const inner = asRecord(event?.error);
  const code = asCode(event?.code) ?? asCode(inner?.code) ?? asText(inner?.type);
  if (code !== undefined) into.providerErrorType = code;
}

function isOwnType(type: string): boolean {
  return OWN_TYPE.test(type);
}

/** A delta may be empty: it is no token then. */
function holdsDelta(data: Buffer): boolean {
  const delta = asRecord(parseJson(data))?.delta;
  return asText(delta) !== undefined || (typeof delta === 'object' && delta !== null);
}
