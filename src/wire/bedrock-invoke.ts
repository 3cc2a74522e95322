import type { Dialect, Observation } from '../domain/dialect.js';
import type { Usage } from '../domain/usage.js';
import { anthropicEventType, isEmptyList, noteRefusal, readAnthropicEvent } from './anthropic-messages.js';
import { anthropicUsage } from './anthropic-usage.js';
import { bedrockErrorBody, readBedrockPath, readErrorBody, readErrorFrame, readErrorHeader } from './bedrock-errors.js';
import { isAwsEventStream } from './bedrock-converse.js';
import { converseUsage, invocationUsage } from './bedrock-usage.js';
import { holdsValue, memberPattern } from './byte-search.js';
import { asArray, asRecord, asText, parseJson, type JsonRecord } from './json-values.js';
import { makeUsage } from './make-usage.js';
import { openAiUsage } from './openai-usage.js';

const METRICS = 'amazon-bedrock-invocationMetrics';
const NEWS = memberPattern(METRICS, 'usage', 'stop_reason', 'stopReason', 'finish_reason', 'completionReason');
const BYTES = Buffer.from('"bytes"');
const QUOTE = 0x22;
/** Where the models that Bedrock serves put the text of one chunk. */
const TEXT_MEMBERS = ['outputText', 'generation', 'completion', 'text'] as const;

/**
 * `invoke` and `invoke-with-response-stream`: the body is the model's own (Anthropic, Nova, Llama,
 * Mistral, Titan, OpenAI's). Amazon's count stands in headers and in the stream's last frame.
 */
export const bedrockInvoke: Dialect = {
  name: 'bedrock-invoke',
  bodyMembers: ['type', 'model', 'usage', 'stop_reason', 'stopReason', 'choices', 'outputs', 'results', '__type', 'code'],
  usageMember: 'usage',
  streamFormat: (contentType) => (isAwsEventStream(contentType) ? 'aws-eventstream' : undefined),
  errorBody: bedrockErrorBody,
  readPath: readBedrockPath,
  readHeaders(header, status, into) {
    readErrorHeader(header, status, into);
    const usage = makeUsage({
      inputTokens: wholeNumber(header('x-amzn-bedrock-input-token-count')),
      outputTokens: wholeNumber(header('x-amzn-bedrock-output-token-count')),
      serviceTier: tierOf(header),
    });
    if (usage !== undefined) into.usage = usage;
  },
  readBody(body, status, into) {
    if (status >= 400) {
      readErrorBody(body, into);
      return;
    }
    const answer = asRecord(body);
    const tier = into.usage?.serviceTier;
    if (answer !== undefined) readAnswer(answer, into);
    noteRefusal(isEmptyList(answer?.content), into);
    keepTier(tier, into);
  },
  readEvent({ type, data, isError }, into) {
    if (isError === true) {
      readErrorFrame(type, data, into);
      return;
    }
    const chunk = payloadOf(data);
    if (chunk === undefined) return;
    const news = holdsValue(chunk, NEWS);
    if (into.hasToken && !news) return;
    const inner = asRecord(parseJson(chunk));
    if (inner === undefined) return;
    const tier = into.usage?.serviceTier;
    const anthropicType = anthropicEventType(chunk);
    if (anthropicType === '') readForeignEvent(inner, into);
    else readAnthropicEvent(anthropicType, chunk, into);
    const metrics = asRecord(inner[METRICS]);
    if (metrics !== undefined) {
      const usage = invocationUsage(metrics, into.usage);
      if (usage !== undefined) into.usage = usage;
    }
    keepTier(tier, into);
    // An Anthropic stream's message_stop carries the metrics; without them more frames may come.
    into.complete = metrics !== undefined;
  },
};

/** Only headers say the tier; latency-optimised inference has prices of its own, too. */
function tierOf(header: (name: string) => string | undefined): string | undefined {
  if (header('x-amzn-bedrock-performanceconfig-latency') === 'optimized') return 'optimized';
  return asText(header('x-amzn-bedrock-service-tier'));
}

/** What a header said of the tier holds over what the model's own body says. */
function keepTier(tier: string | undefined, into: Observation): void {
  if (tier !== undefined && into.usage !== undefined) into.usage = { ...into.usage, serviceTier: tier };
}

/** The JSON text within a `{"bytes":"<base64>"}` frame, found without parsing the frame. */
function payloadOf(frame: Buffer): Buffer | undefined {
  const name = frame.indexOf(BYTES);
  if (name === -1) return undefined;
  const open = frame.indexOf(QUOTE, name + BYTES.length);
  const close = frame.indexOf(QUOTE, open + 1);
  return open === -1 || close === -1 ? undefined : Buffer.from(frame.toString('latin1', open + 1, close), 'base64');
}

function readAnswer(answer: JsonRecord, into: Observation): void {
  const model = asText(answer.model);
  if (model !== undefined) into.responseModel = model;
  const reason = finishReason(answer);
  if (reason !== undefined) into.finishReason = reason;
  const usage = modelUsage(answer);
  if (usage !== undefined) into.usage = usage;
}

function readForeignEvent(event: JsonRecord, into: Observation): void {
  const delta = asRecord(asRecord(event.contentBlockDelta)?.delta); // Nova
  const choice = asRecord(asArray(event.choices)[0]);
  const texts = [
    ...TEXT_MEMBERS.map((name) => event[name]),
    delta?.text,
    asRecord(delta?.toolUse)?.input,
    asRecord(asArray(event.outputs)[0])?.text, // Mistral
    asRecord(choice?.delta)?.content, // OpenAI's
    asRecord(choice?.message)?.content,
  ];
  if (texts.some((text) => asText(text) !== undefined)) into.hasToken = true;
  readAnswer({ ...event, ...asRecord(event.messageStop), ...asRecord(event.metadata) }, into);
}

function finishReason(answer: JsonRecord): string | undefined {
  return asText(answer.stop_reason) ?? asText(answer.stopReason) ?? asText(answer.completionReason)
    ?? asText(asRecord(asArray(answer.choices)[0])?.finish_reason)
    ?? asText(asRecord(asArray(answer.outputs)[0])?.stop_reason)
    ?? asText(asRecord(asArray(answer.results)[0])?.completionReason);
}

/** The usage of the model's own body, in whichever of three shapes. */
function modelUsage(answer: JsonRecord): Usage | undefined {
  const usage = asRecord(answer.usage);
  if (usage === undefined) return undefined;
  if ('inputTokens' in usage) return converseUsage(usage);
  return 'input_tokens' in usage ? anthropicUsage(usage) : openAiUsage(usage);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
