import type { ErrorAnswer, Observation, PathFacts } from '../domain/dialect.js';
import { asRecord, asText, parseJson } from './json-values.js';

const ERROR_CLASSES: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  401: 'AccessDeniedException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  413: 'ValidationException',
  502: 'ServiceUnavailableException',
  503: 'ServiceUnavailableException',
  504: 'ModelTimeoutException',
};
const MODEL_IN_PATH = /\/model\/([^/]+)\/([\w-]+)$/;

/** The gateway's own error: AWS SDKs take the class from `__type` where no x-amzn-errortype stands. */
export function bedrockErrorBody({ status, message }: ErrorAnswer): string {
  return JSON.stringify({ __type: ERROR_CLASSES[status] ?? 'InternalServerException', message });
}

/** Model and operation stand in the path; the model's id (an ARN, perhaps) is percent-encoded. */
export function readBedrockPath(path: string): PathFacts {
  const match = MODEL_IN_PATH.exec(path);
  if (match?.[1] === undefined) return {};
  const stream = match[2] === 'converse-stream' || match[2] === 'invoke-with-response-stream';
  try {
    return { model: decodeURIComponent(match[1]), stream };
  } catch {
    return { model: match[1], stream };
  }
}

/** `x-amzn-errortype: ThrottlingException:http://…` */
export function readErrorHeader(header: (name: string) => string | undefined, status: number, into: Observation): void {
  if (status >= 400) nameError(header('x-amzn-errortype'), into);
}

/** An error body: the header has the class already, unless a proxy dropped it. */
export function readErrorBody(body: unknown, into: Observation): void {
  into.failed = true;
  const error = asRecord(body);
  if (into.providerErrorType === undefined) nameError(asText(error?.__type) ?? asText(error?.code), into);
}

/** An exception frame, or a stream that is broken (whose type is empty). */
export function readErrorFrame(type: string, data: Buffer, into: Observation): void {
  into.failed = true;
  into.complete = true; // the SDK raises, and nothing follows
  nameError(type === '' ? asText(asRecord(parseJson(data))?.__type) : type, into);
}

/** `namespace#Class` and `Class:url` both name Class; frames write it with a small first letter. */
function nameError(name: string | undefined, into: Observation): void {
  const bare = asText(name?.split(':')[0]?.split('#').at(-1)?.trim());
  if (bare !== undefined) into.providerErrorType = bare.charAt(0).toUpperCase() + bare.slice(1);
}
