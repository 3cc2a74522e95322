import type { ErrorAnswer, Observation } from '../domain/dialect.js';
import { asArray, asCode, asRecord, asText, type JsonRecord } from './json-values.js';

/** The gateway's own error as OpenAI's SDKs parse it: `error.code` is our error type. */
export function openAiErrorBody(error: ErrorAnswer): string {
  return JSON.stringify({ error: { message: error.message, type: 'gateway_error', param: null, code: error.type } });
}

const STATUS = /^[1-5]\d\d$/;

/**
 * Looks for an error in a body or an event. Beside OpenAI's `{error:{code,type}}` it knows
 * `{object:"error",code,type}` (Mistral), `{code,error:"…"}` (xAI), `{error:"…",type}` (Together),
 * `{fault:{…}}` (Fireworks) and `{detail:[{type}]}` (refused by validation).
 * @returns whether there is one
 */
export function readOpenAiError(body: JsonRecord, failedStatus: boolean, into: Observation): boolean {
  const error = asRecord(body.error);
  const isError = error !== undefined || asText(body.error) !== undefined || body.object === 'error'
    || asRecord(body.fault) !== undefined;
  if (!isError && !failedStatus) return false;
  const type = nameOf(error?.code, error?.type) ?? nameOf(body.code, errorTypeOf(body))
    ?? asText(asRecord(asArray(body.detail)[0])?.type);
  into.failed = true;
  if (type !== undefined) into.providerErrorType = type;
  return isError;
}

/** The code, which says more than the type; but where it only repeats the HTTP status (LiteLLM, vLLM), the type says more. */
function nameOf(code: unknown, type: unknown): string | undefined {
  const name = asCode(code);
  return name !== undefined && !STATUS.test(name) ? name : words(type) ?? name;
}

/** Python's `None`, written as text, says nothing. */
function words(type: unknown): string | undefined {
  return type === 'None' ? undefined : asText(type);
}

/** `type` of an error body; in Anthropic-like bodies it is the word `error` itself, which says nothing. */
function errorTypeOf(body: JsonRecord): string | undefined {
  return body.type === 'error' ? undefined : asText(body.type);
}
