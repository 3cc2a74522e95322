import type { Dialect, Observation, StreamEvent } from '../domain/dialect.js';
import { readDeploymentPath } from './azure-path.js';
import { holdsValue, memberPattern } from './byte-search.js';
import { isEventStream } from './content-type.js';
import { asArray, asRecord, asText, parseJson, type JsonRecord } from './json-values.js';
import { openAiErrorBody, readOpenAiError } from './openai-errors.js';
import { openAiUsage, type OpenAiUsageFlavour } from './openai-usage.js';

const NEWS = memberPattern('usage', 'finish_reason', 'error');
const DONE = Buffer.from('[DONE]');
const TEXT_MEMBERS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;

/** Chat completions and text completions as OpenAI speaks them, and the many that speak like it. */
export function openAiChatDialect(flavour: OpenAiUsageFlavour = {}): Dialect {
  const read = (body: JsonRecord, into: Observation): void => {
    const model = asText(body.model);
    if (model !== undefined) into.responseModel = model;
    const groq = asRecord(body.x_groq);
    const usage = openAiUsage(body.usage, body.service_tier, flavour) ?? openAiUsage(groq?.usage, body.service_tier, flavour);
    if (usage !== undefined) into.usage = usage;
    for (const choice of asArray(body.choices).map(asRecord)) {
      // Moonshot's streams of clients that do not ask have it there.
      const own = usage === undefined ? openAiUsage(choice?.usage, body.service_tier, flavour) : undefined;
      if (own !== undefined) into.usage = own;
      const reason = asText(choice?.finish_reason);
      if (reason !== undefined) into.finishReason = reason;
    }
  };
  return {
    name: 'openai-chat',
    bodyMembers: ['model', 'usage', 'choices', 'service_tier', 'x_groq', 'error', 'object', 'code', 'type', 'detail', 'fault'],
    usageMember: 'usage',
    streamFormat: (contentType) => (isEventStream(contentType) ? 'sse' : undefined),
    errorBody: openAiErrorBody,
    readPath: readDeploymentPath,
    readBody(body, status, into) {
      const answer = asRecord(body);
      if (answer === undefined) return;
      readOpenAiError(answer, status >= 400, into);
      read(answer, into);
    },
    readEvent({ type, data }: StreamEvent, into) {
      if (isDone(data)) {
        into.complete = true;
        return;
      }
      const failed = type === 'error';
      if (into.hasToken && !failed && !holdsValue(data, NEWS)) return;
      const chunk = asRecord(parseJson(data));
      if (chunk === undefined) {
        into.failed ||= failed;
        return;
      }
      if (asArray(chunk.choices).some(hasToken)) into.hasToken = true;
      read(chunk, into);
      readStreamError(chunk, failed, into);
    },
  };
}

/** OpenAI's SDKs raise at an error event and read no further: what follows it changes nothing. */
function readStreamError(chunk: JsonRecord, failed: boolean, into: Observation): void {
  if (readOpenAiError(chunk, failed, into)) into.complete = true;
  const stopped = asText(asRecord(chunk.x_groq)?.error);
  if (stopped === undefined) return;
  into.failed = true;
  into.providerErrorType ??= stopped;
}

/** `data: [DONE]`, whatever white space stands around it. */
export function isDone(data: Buffer): boolean {
  if (data.length > DONE.length + 4) return false;
  const at = data.indexOf(DONE);
  return at !== -1 && at <= 2;
}

function hasToken(value: unknown): boolean {
  const choice = asRecord(value);
  const delta = asRecord(choice?.delta);
  if (asText(choice?.text) !== undefined) return true; // text completions
  if (delta === undefined) return false;
  if (TEXT_MEMBERS.some((name) => saysSomething(delta[name]))) return true;
  const audio = asRecord(delta.audio);
  const parts = [asRecord(delta.function_call)?.arguments, audio?.data, audio?.transcript];
  return parts.some((part) => asText(part) !== undefined) || asArray(delta.tool_calls).map(asRecord).some(hasArguments);
}

function hasArguments(call: JsonRecord | undefined): boolean {
  return asText(asRecord(call?.function)?.arguments) !== undefined || asText(asRecord(call?.custom)?.input) !== undefined;
}

/** Text, or the parts of which Mistral's reasoning models make it. */
function saysSomething(content: unknown): boolean {
  return asText(content) !== undefined || asArray(content).length > 0;
}
