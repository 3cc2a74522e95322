const SPACE = 0x20;
const TAB = 0x09;

/** The value of a header line between two places of a text, without the blanks around it: no other byte may be trimmed away. */
export function fieldValue(text: string, from: number, to: number): string {
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (from < to && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
