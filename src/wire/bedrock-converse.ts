import type { Dialect, Observation } from '../domain/dialect.js';
import { noteRefusal } from './anthropic-messages.js';
import { bedrockErrorBody, readBedrockPath, readErrorBody, readErrorFrame, readErrorHeader } from './bedrock-errors.js';
import { converseUsage } from './bedrock-usage.js';
import { mediaType } from './content-type.js';
import { asRecord, asText, parseJson, type JsonRecord } from './json-values.js';

/** `converse` and `converse-stream`. */
export const bedrockConverse: Dialect = {
  name: 'bedrock-converse',
  bodyMembers: ['usage', 'stopReason', 'serviceTier', 'performanceConfig', '__type', 'code'],
  usageMember: 'usage',
  streamFormat: (contentType) => (isAwsEventStream(contentType) ? 'aws-eventstream' : undefined),
  errorBody: bedrockErrorBody,
  readPath: readBedrockPath,
  readHeaders: readErrorHeader,
  readBody(body, status, into) {
    if (status >= 400) {
      readErrorBody(body, into);
      return;
    }
    const answer = asRecord(body);
    if (answer === undefined) return;
    readStop(answer, into);
    readUsage(answer, into);
    noteRefusal(false, into);
  },
  readEvent({ type, data, isError }, into) {
    if (isError === true) {
      readErrorFrame(type, data, into);
      return;
    }
    if (type === 'contentBlockDelta') {
      if (!into.hasToken) into.hasToken = isToken(asRecord(asRecord(parseJson(data))?.delta));
    } else if (type === 'messageStop') {
      const stop = asRecord(parseJson(data));
      if (stop !== undefined) readStop(stop, into);
    } else if (type === 'metadata') {
      const metadata = asRecord(parseJson(data));
      if (metadata !== undefined) readUsage(metadata, into);
      noteRefusal(!into.hasToken, into);
      into.complete = true;
    }
  },
};

export function isAwsEventStream(contentType: string): boolean {
  return mediaType(contentType) === 'application/vnd.amazon.eventstream';
}

function readStop(stop: JsonRecord, into: Observation): void {
  const reason = asText(stop.stopReason);
  if (reason !== undefined) into.finishReason = reason;
}

function readUsage(answer: JsonRecord, into: Observation): void {
  const usage = converseUsage(answer.usage);
  const optimised = asRecord(answer.performanceConfig)?.latency === 'optimized';
  const tier = optimised ? 'optimized' : asText(asRecord(answer.serviceTier)?.type);
  if (usage !== undefined) into.usage = tier === undefined ? usage : { ...usage, serviceTier: tier };
}

function isToken(delta: JsonRecord | undefined): boolean {
  return [delta?.text, asRecord(delta?.toolUse)?.input, asRecord(delta?.reasoningContent)?.text]
    .some((part) => asText(part) !== undefined);
}
