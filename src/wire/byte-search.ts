/** The bytes of a member's name with its quotes. */
export function needle(name: string): Buffer {
  return Buffer.from(`"${name}"`);
}

/**
 * A pattern for members of these names whose value is something else than `null`, for `holdsValue`.
 * The names stand in it as they are.
 */
export function memberPattern(...names: readonly string[]): RegExp {
  return new RegExp(`"(?:${names.join('|')})"[\\x00-\\x20:]*(?:[^n\\x00-\\x20:]|$)`);
}

/**
 * Whether a member of the pattern's names with a value other than `null` may be in the JSON text:
 * false only where there is none. Inside of strings the quotes are escaped, so that prompts and
 * answers that speak of "usage" do not match. One pass over Latin-1 text costs a third of searching
 * the bytes for one name after the other.
 */
export function holdsValue(json: Buffer, pattern: RegExp): boolean {
  return pattern.test(json.toString('latin1'));
}
