import type { MatchLogic } from '@pydantic/genai-prices';

/** What a name's rest may begin with and still mean the same model: `-2508`, `-20250929`, `-05-06`, `-10-2025`, `-001`, `-v1`. */
const SAME = /^(?:[-@]?\d{3,}|[-@]20\d\d-\d\d-\d\d|-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]|20\d\d)(?!\d)|-v1(?![\d.]))/;
/** A version, and no size: `-5`, `.1`, `-5-5`, `-v2`; `-16k` and `-70b` are sizes. */
const VERSION = /^[-._@]?v?\d{1,2}(?![\da-z])/i;
/** A route of its own price (OpenRouter's `:free`, `:online`), or another kind of model. */
const VARIANT = /^:[a-z]|^(?:-[a-z]+)*?-(?:tts|cyber|image|live|embedding|lite|mini|nano|pro|max)(?![a-z])/i;
/** A geography of Bedrock's whose prices are others than those of the United States, which the list has. */
const GEOGRAPHY = /(?:^|\/)(?:us-gov|eu|apac|jp|au|ca|sa|me|af|in|global)\.$/;
/** The literal itself ends within a date: `ft:gpt-4o-2024-`. */
const WITHIN_DATE = /20\d\d-$/;

/**
 * Whether a name that the list's rule matches says a version or a variant beyond what the rule covers:
 * `starts_with: claude-sonnet-5` also matches `claude-sonnet-5-5`, which is another model.
 * @param id the model's own name in the list
 */
export function namesOtherModel(match: MatchLogic, id: string, name: string): boolean {
  const lower = name.toLowerCase();
  const open = openEnds(match, lower);
  if (open === undefined || open.length === 0) return false;
  // The rule that covers most of the name decides.
  const { literal, rest, before } = open.reduce((best, end) => (end.rest.length < best.rest.length ? end : best));
  if (GEOGRAPHY.test(before)) return true;
  if (rest === '' || id.toLowerCase().includes(literal + rest) || WITHIN_DATE.test(literal)) return false;
  return VARIANT.test(rest) || (VERSION.test(rest) && !SAME.test(rest));
}

interface OpenEnd {
  readonly before: string;
  readonly literal: string;
  readonly rest: string;
}

/** What stands around the literals that match; undefined where the whole name is covered. */
function openEnds(match: MatchLogic, name: string): OpenEnd[] | undefined {
  if ('or' in match || 'and' in match) {
    const ends: OpenEnd[] = [];
    for (const part of 'or' in match ? match.or : match.and) {
      const found = openEnds(part, name);
      if (found === undefined) return undefined;
      ends.push(...found);
    }
    return ends;
  }
  if ('equals' in match) return name === match.equals.toLowerCase() ? undefined : [];
  if ('ends_with' in match) return name.endsWith(match.ends_with.toLowerCase()) ? undefined : [];
  if ('regex' in match) return new RegExp(match.regex).test(name) ? undefined : [];
  const literal = ('starts_with' in match ? match.starts_with : match.contains).toLowerCase();
  const at = 'starts_with' in match ? (name.startsWith(literal) ? 0 : -1) : name.indexOf(literal);
  return at === -1 ? [] : [{ literal, before: name.slice(0, at), rest: name.slice(at + literal.length) }];
}
