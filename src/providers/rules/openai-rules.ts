import type { Dialect } from '../../domain/dialect.js';
import type { DialectRule } from '../../domain/provider.js';
import { anthropicMessages } from '../../wire/anthropic-messages.js';
import { openAiChatDialect } from '../../wire/openai-chat.js';
import { openAiStored } from '../../wire/openai-other.js';
import { openAiRealtime } from '../../wire/openai-realtime.js';
import { openAiResponses } from '../../wire/openai-responses.js';
import { storedResponseDialect } from '../../wire/openai-stored-response.js';

const openAiChat = openAiChatDialect();

/** Where OpenAI-like APIs take WebSocket connections: realtime, and responses over one connection. */
export const openAiSockets: readonly RegExp[] = [/\/(?:realtime|responses)$/];

export interface OpenAiRuleOptions {
  /** The chat dialect, where `usage` differs from OpenAI's. */
  readonly chat?: Dialect;
  /** The same of the Responses API. */
  readonly responses?: Dialect;
  /** The same of Anthropic's Messages API. */
  readonly messages?: Dialect;
  /** The provider documents `stream_options.include_usage`. */
  readonly streamUsage?: boolean;
  /** It has WebSocket interfaces, at `openAiSockets`. */
  readonly realtime?: boolean;
}

/**
 * The paths of an OpenAI-like API, whatever its root. What matches none uses a model in another way
 * (embeddings, images, audio, rerank, moderation): that is `openAiOther`, the default of such providers.
 */
export function openAiRules({
  chat = openAiChat, responses = openAiResponses, messages = anthropicMessages, streamUsage = false, realtime = false,
}: OpenAiRuleOptions = {}): readonly DialectRule[] {
  return [
    // Chat, text, fill-in-the-middle and agent completions.
    { path: /\/completions$/, dialect: chat, ...(streamUsage ? { streamUsage } : {}) },
    { path: /\/responses(?:\/compact)?$/, dialect: responses },
    { path: /\/responses\/(?!input_tokens$)[^/]+$/, dialect: storedResponseDialect(responses) },
    { path: /\/v1\/messages$/, dialect: messages },
    ...(realtime ? [{ path: /\/realtime$/, dialect: openAiRealtime }] : []),
    {
      path: /\/(?:responses|completions|files|uploads|batches|models|fine_tuning|vector_stores|assistants|threads|conversations|containers|evals|organization)(?:\/|$)/,
      dialect: openAiStored,
    },
  ];
}
