/**
 * Token counts of one response, normalised over all dialects: `inputTokens` includes cache reads
 * and writes, `outputTokens` includes reasoning. A count that the provider did not say is absent,
 * never 0.
 */
export interface Usage {
  /** All input tokens, cache reads and writes included. */
  inputTokens?: number;
  /** All output tokens, reasoning included. */
  outputTokens?: number;
  totalTokens?: number;
  /** Input tokens read from a cache; part of `inputTokens`. */
  cachedTokens?: number;
  /** Input tokens written to a cache, whatever their lifetime; part of `inputTokens`. */
  cacheWriteTokens?: number;
  /** Those of `cacheWriteTokens` that live for an hour (Anthropic prices them apart). */
  cacheWrite1hTokens?: number;
  /** Output tokens spent on reasoning; part of `outputTokens`. */
  reasoningTokens?: number;
  inputAudioTokens?: number;
  outputAudioTokens?: number;
  inputImageTokens?: number;
  /** Audio and images among `cachedTokens`, where the provider says it. */
  cachedAudioTokens?: number;
  cachedImageTokens?: number;
  outputImageTokens?: number;
  /** Searches of the web that the provider bills by the piece. */
  webSearches?: number;
  /** What the provider itself says the call cost, in US dollars (OpenRouter, xAI). */
  providerCost?: number;
  /** The provider's service tier (`batch`, `flex`, `priority`, …), where it says one. */
  serviceTier?: string;
  /** Where the answer was computed, where the answer says it (Anthropic's `inference_geo`). */
  region?: string;
  /** The provider refused before it put anything out, which some do not bill. */
  refused?: boolean;
  /** The counts are not what is billed: they contradict each other, or a discount of unknown size applies. */
  uncertain?: boolean;
  /**
   * The bills of which this is the sum, each with a price of its own: what a token costs depends on
   * the model that took it and on the length of its own prompt.
   */
  parts?: readonly UsagePart[];
}

/** One of several bills of a call: a response of a session, a turn by another model, a compaction. */
export interface UsagePart extends Usage {
  /** The model that this part is billed at; absent: the call's own. */
  model?: string;
}
