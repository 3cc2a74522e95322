const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const SPACE = 0x20;
const TAB = 0x09;

/** Whether a text is the name of a header (RFC 9110, token). */
export function isFieldName(text: string): boolean {
  return NAME.test(text);
}

/** Whether a text, each byte one Latin-1 character, may stand in a header's line: no other reader can see a second line in it. */
export function isFieldValue(text: string): boolean {
  return VALUE.test(text);
}

/** The value of a header line between two places of a text, without the blanks around it: no other byte may be trimmed away. */
export function fieldValue(text: string, from: number, to: number): string {
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (from < to && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
