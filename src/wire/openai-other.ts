import type { Dialect, Observation } from '../domain/dialect.js';
import { readDeploymentPath } from './azure-path.js';
import { holdsValue, memberPattern } from './byte-search.js';
import { isEventStream } from './content-type.js';
import { asRecord, asText, parseJson, type JsonRecord } from './json-values.js';
import { isDone } from './openai-chat.js';
import { openAiErrorBody, readOpenAiError } from './openai-errors.js';
import { openAiUsage, type OpenAiUsageFlavour } from './openai-usage.js';
import { responsesUsage } from './responses-usage.js';

const NEWS = memberPattern('usage', 'error');
const TOKEN_EVENT = /\.delta$|\.partial_image$/;
const ERROR_MEMBERS = ['error', 'object', 'code', 'type', 'detail', 'fault'];

/**
 * The other paths of an OpenAI-like API that use a model: embeddings, images, audio, rerank,
 * moderation. Usage comes in the shape of chat or in that of responses.
 */
export function openAiOtherDialect(flavour: OpenAiUsageFlavour = {}): Dialect {
  return {
    name: 'openai',
    bodyMembers: ['model', 'usage', 'service_tier', ...ERROR_MEMBERS],
    usageMember: 'usage',
    streamFormat: (contentType) => (isEventStream(contentType) ? 'sse' : undefined),
    errorBody: openAiErrorBody,
    readPath: readDeploymentPath,
    readBody(body, status, into) {
      const answer = asRecord(body);
      if (answer === undefined) return;
      readOpenAiError(answer, status >= 400, into);
      read(answer, into, flavour);
    },
    readEvent({ type, data }, into) {
      if (isDone(data)) {
        into.complete = true;
        return;
      }
      const failed = type === 'error';
      if (into.hasToken && !failed && !holdsValue(data, NEWS)) return;
      const event = asRecord(parseJson(data));
      if (event === undefined) return;
      if (TOKEN_EVENT.test(asText(event.type) ?? type)) into.hasToken = true;
      read(event, into, flavour);
      if (readOpenAiError(event, failed || event.type === 'error', into)) into.complete = true;
    },
  };
}

export const openAiOther = openAiOtherDialect();

function read(body: JsonRecord, into: Observation, flavour: OpenAiUsageFlavour): void {
  const model = asText(body.model);
  if (model !== undefined) into.responseModel = model;
  const usage = openAiUsage(body.usage, body.service_tier, flavour) ?? responsesUsage(body.usage, body.service_tier, flavour);
  if (usage !== undefined) into.usage = usage;
}

/**
 * Objects that the API keeps (files, batches, models, stored responses): reading one again must not
 * count its tokens again, so only errors are read.
 */
export const openAiStored: Dialect = {
  name: 'openai',
  bodyMembers: ERROR_MEMBERS,
  streamFormat: () => undefined,
  errorBody: openAiErrorBody,
  readPath: readDeploymentPath,
  readBody(body, status, into) {
    const answer = asRecord(body);
    // A stored object may carry the error of what it is about; the call itself failed only by status.
    if (status >= 400 && answer !== undefined) readOpenAiError(answer, true, into);
  },
  readEvent: () => undefined,
};
