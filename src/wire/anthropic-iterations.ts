import type { Usage, UsagePart } from '../domain/usage.js';
import { asArray, asCount, asRecord, asText, type JsonRecord } from './json-values.js';
import { makeUsage, plus } from './make-usage.js';

/**
 * Anthropic's `usage.iterations`: one entry for each time that a model ran for the call. `message`
 * entries are the turns of the model itself, `compaction`, `advisor_message` (another model) and
 * `fallback_message` (the model that answered after a refusal) are billed beside them.
 *
 * @param whole what the usage says of all iterations together: tier, region, searches
 * @returns undefined where the whole is all there is; `unreadable` where entries are not as documented
 */
export function iterationParts(raw: unknown, whole: Usage | undefined): UsagePart[] | 'unreadable' | undefined {
  const entries = asArray(raw).map(asRecord);
  if (entries.length === 0) return undefined;
  if (entries.length === 1 && entries[0]?.type === 'message' && asText(entries[0].model) === undefined) return undefined;
  const parts: UsagePart[] = [];
  let searches = whole?.webSearches;
  for (const entry of billed(entries)) {
    const part = entry && readEntry(entry, whole);
    if (part === undefined) return 'unreadable';
    // Searches are the model's own, whichever of its turns they were in.
    if (entry?.type === 'message' && searches !== undefined) {
      part.webSearches = searches;
      searches = undefined;
    }
    parts.push(part);
  }
  if (parts[0] !== undefined && searches !== undefined) parts[0].webSearches = searches;
  return parts;
}

/** Without the attempts of models that refused before any output: those are not billed. */
function billed(entries: readonly (JsonRecord | undefined)[]): readonly (JsonRecord | undefined)[] {
  const rest = entries.filter((entry) => entry?.type !== 'message' || entry.output_tokens !== 0);
  return rest.length === 0 ? entries : rest;
}

function readEntry(entry: JsonRecord, whole: Usage | undefined): UsagePart | undefined {
  const fresh = asCount(entry.input_tokens);
  const output = asCount(entry.output_tokens);
  if (fresh === undefined || output === undefined) return undefined;
  const cached = asCount(entry.cache_read_input_tokens);
  const written = asCount(entry.cache_creation_input_tokens);
  const usage = makeUsage({
    inputTokens: plus(fresh, cached, written),
    outputTokens: output,
    cachedTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: asCount(asRecord(entry.cache_creation)?.ephemeral_1h_input_tokens),
    serviceTier: whole?.serviceTier,
    region: whole?.region,
    uncertain: whole?.uncertain,
  });
  const model = asText(entry.model);
  return model === undefined ? usage : { ...usage, model };
}
