/** How a provider prices the place where a call is answered. */
interface RegionRule {
  /** The library's id of the provider. */
  readonly provider: string;
  /** Multiplier of the price of tokens; undefined where it is not known. */
  readonly factor: (model: string, region: string, at: number) => number | undefined;
}

const PREMIUM = 1.1;
/** From then on Google bills Gemini 3 and later at regional addresses at a premium. */
const GEMINI_REGIONAL = Date.UTC(2026, 6, 1);
/** Claude models from before the premium of regional addresses (Claude Sonnet 4.5 was the first with it). */
const EARLY_CLAUDE = /claude-(?:3|instant|2|(?:opus|sonnet)-4(?:-[01])?(?:$|@|-20\d{6}))/;
/** OpenAI models that were released before 5 March 2026 have no premium. */
const EARLY_OPENAI = /^(?:ft:)?(?:gpt-3\.5|gpt-4|gpt-5(?:$|-|\.[0-3])|gpt-(?:audio|image-1|realtime)(?:$|-mini|-20|-1\.5|\.5)|chatgpt-4o|o[134](?:$|-)|text-|whisper|tts|davinci|babbage|codex-mini|computer-use)/;
/** Those that came at that day or later. */
const LATE_OPENAI = /^gpt-(?:5\.[4-9]|[6-9](?:$|[-.])|realtime-2)/;
/** Inference profiles whose prices the list has, whatever region they are called from. */
const PROFILE = /^(?:arn:.*\/)?(?:global|us)\./;
/** The regions whose prices the list has for models that cost more elsewhere. */
const US_REGIONS: ReadonlySet<string> = new Set(['us-east-1', 'us-east-2', 'us-west-2']);

// Sources: Anthropic's and OpenAI's pages on data residency, Anthropic's on Claude on Vertex AI, BerriAI/litellm#37543 for Gemini.
const RULES: readonly RegionRule[] = [
  { provider: 'anthropic', factor: (_model, region) => (region === 'us' ? PREMIUM : undefined) },
  { provider: 'azure', factor: (model, region) => (model.includes('claude') && region === 'us' ? PREMIUM : undefined) },
  { provider: 'openai', factor: (model) => (LATE_OPENAI.test(model) ? PREMIUM : EARLY_OPENAI.test(model) ? 1 : undefined) },
  { provider: 'google', factor: (model, _region, at) => {
    if (model.includes('claude')) return EARLY_CLAUDE.test(model) ? 1 : PREMIUM;
    return /gemini-[3-9]/.test(model) && at >= GEMINI_REGIONAL ? PREMIUM : 1;
  } },
  // Ids of Claude say the region that is billed, and so do profiles; the list has the prices of others for the United States.
  { provider: 'aws', factor: (model, region) => {
    if (region.startsWith('us-gov')) return undefined;
    return model.includes('claude') || PROFILE.test(model) || US_REGIONS.has(region) ? 1 : undefined;
  } },
];

/**
 * The multiplier for a call that was answered in `region`; 1 where the region has no price of its
 * own, undefined where its price is not known.
 *
 * @param providerId the library's id of the provider
 */
export function regionFactor(providerId: string, model: string, region: string | undefined, at: number): number | undefined {
  if (region === undefined || region === 'global') return 1;
  const rule = RULES.find(({ provider }) => provider === providerId);
  return rule === undefined ? undefined : rule.factor(model.toLowerCase(), region, at);
}
