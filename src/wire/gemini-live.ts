import type { Dialect, Observation } from '../domain/dialect.js';
import { holdsValue, memberPattern } from './byte-search.js';
import { geminiErrorBody } from './gemini.js';
import { geminiUsage } from './gemini-usage.js';
import { pickMembers } from './json-scan.js';
import { asArray, asRecord, asText, parseJson } from './json-values.js';

const NEWS = memberPattern('usageMetadata');
const MAX_SETUP_BYTES = 1024 * 1024;
/** `models/NAME`, on Vertex AI below a project. */
const MODEL_NAME = /(?:^|\/)models\/([^/]+)$/;

/** The messages of Gemini's Live API. Each turn ends with the usage of that turn; the model stands in the client's first message. */
export const geminiLive: Dialect = {
  name: 'gemini-live',
  bodyMembers: ['error'],
  streamFormat: () => undefined,
  errorBody: geminiErrorBody,
  readBody(body, status, into) {
    const error = asRecord(asRecord(body)?.error);
    if (status >= 400 || error !== undefined) into.failed = true;
    const type = asText(error?.status);
    if (type !== undefined) into.providerErrorType = type;
  },
  readClientMessage(data) {
    const setup = asRecord(pickMembers(data, ['setup'], MAX_SETUP_BYTES).setup);
    const name = asText(setup?.model);
    return name === undefined ? {} : { model: MODEL_NAME.exec(name)?.[1] ?? name };
  },
  readEvent({ data }, into) {
    if (into.hasToken && !holdsValue(data, NEWS)) return;
    const message = asRecord(parseJson(data));
    if (message === undefined) return;
    const usage = asRecord(message.usageMetadata);
    if (usage !== undefined) readUsage(usage, into);
    const turn = asRecord(asRecord(message.serverContent)?.modelTurn);
    if (asArray(turn?.parts).length > 0 || asRecord(message.toolCall) !== undefined) into.hasToken = true;
  },
};

/** As elsewhere in Gemini's API, but what the model says is the response and not its candidates. */
function readUsage(metadata: Readonly<Record<string, unknown>>, into: Observation): void {
  const usage = geminiUsage({
    candidatesTokenCount: metadata.responseTokenCount, candidatesTokensDetails: metadata.responseTokensDetails, ...metadata,
  });
  if (usage !== undefined) into.usage = usage;
}
