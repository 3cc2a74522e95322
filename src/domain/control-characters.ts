/**
 * Characters that steer a terminal or a viewer instead of being seen: controls, line separators, those that turn the
 * direction of text or hide between other characters. Joiners stay: scripts and emoji need them.
 */
const FORMATS = '\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb';
const IN_TEXT = new RegExp(`[\\p{Cc}${FORMATS}]`, 'gu');
const IN_JSON = new RegExp(`[\\x7f-\\x9f${FORMATS}]`, 'gu');

/** Text with such characters written out: `\x1b`, `\u202e`. */
export function withoutControls(text: string): string {
  return text.replace(IN_TEXT, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(code);
  });
}

/** The same JSON with such characters as escapes: whoever parses it reads the same. */
export function jsonWithoutControls(json: string): string {
  return json.replace(IN_JSON, (character) => unicodeEscape(character.charCodeAt(0)));
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
