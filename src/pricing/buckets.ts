import type { Usage } from '../domain/usage.js';

/**
 * A call's tokens in disjoint buckets: fresh input, cache read, cache write, output, reasoning —
 * audio and images apart, and cache writes by lifetime, since those have rates of their own.
 */
export interface TokenBuckets {
  /** All input tokens; absent when unknown. Not a bucket: it chooses the tier of the rates. */
  readonly input: number | undefined;
  readonly fresh: number;
  readonly cacheRead: number;
  /** Cache writes of the ordinary lifetime. */
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  /** Audio input that did not come from a cache. */
  readonly inputAudio: number;
  readonly cachedAudio: number;
  /** Images as input that did not come from a cache. */
  readonly inputImage: number;
  readonly cachedImage: number;
  /** Text output without reasoning. */
  readonly output: number;
  readonly reasoning: number;
  readonly outputAudio: number;
  readonly outputImage: number;
  /** Not tokens: searches that are billed by the piece. */
  readonly webSearches: number;
}

/**
 * Splits a usage, or undefined where it says neither input nor output, or where its parts exceed
 * their whole: such counts cannot be priced rightly.
 */
export function splitBuckets(usage: Usage): TokenBuckets | undefined {
  const input = count(usage.inputTokens);
  const outputTotal = count(usage.outputTokens);
  if (input === undefined && outputTotal === undefined) return undefined;

  const output = outputTotal ?? 0;
  const reasoning = count(usage.reasoningTokens) ?? 0;
  const outputAudio = count(usage.outputAudioTokens) ?? 0;
  const outputImage = count(usage.outputImageTokens) ?? 0;
  const text = output - reasoning - outputAudio - outputImage;

  const known = input !== undefined;
  const read = known ? count(usage.cachedTokens) ?? 0 : 0;
  const write = known ? count(usage.cacheWriteTokens) ?? 0 : 0;
  const write1h = known ? count(usage.cacheWrite1hTokens) ?? 0 : 0;
  const audio = known ? count(usage.inputAudioTokens) ?? 0 : 0;
  const image = known ? count(usage.inputImageTokens) ?? 0 : 0;
  const saidAudio = count(usage.cachedAudioTokens);
  const saidImage = count(usage.cachedImageTokens);
  const said = known && (saidAudio !== undefined || saidImage !== undefined);
  // Audio and images may overlap with the cache read. Where the provider does not say by how much, only what must overlap does.
  const forced = Math.max(0, read + write + audio + image - (input ?? 0));
  const cachedAudio = said ? saidAudio ?? 0 : Math.min(forced, audio);
  const cachedImage = said ? saidImage ?? 0 : forced - cachedAudio;
  const cachedMedia = cachedAudio + cachedImage;
  const fresh = (input ?? 0) - read - write - audio - image + cachedMedia;

  if (text < 0 || write1h > write || fresh < 0) return undefined;
  if (cachedAudio > audio || cachedImage > image || cachedMedia > read) return undefined;
  return {
    input,
    fresh,
    cacheRead: read - cachedMedia,
    cacheWrite: write - write1h,
    cacheWrite1h: write1h,
    inputAudio: audio - cachedAudio,
    cachedAudio,
    inputImage: image - cachedImage,
    cachedImage,
    output: text,
    reasoning,
    outputAudio,
    outputImage,
    webSearches: count(usage.webSearches) ?? 0,
  };
}

function count(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined;
}
