/**
 * A line is the document's `_source`. The exporter reads two things from it without parsing: they
 * stand at fixed offsets, `{"request_id":"<26>","timestamp":"<24>",…}`.
 */
export const LINE_PREFIX = '{"request_id":"';
export const ID_START = LINE_PREFIX.length;
export const ID_END = ID_START + 26;
export const TIMESTAMP_PREFIX = '","timestamp":"';
const TIMESTAMP_START = ID_END + TIMESTAMP_PREFIX.length;
const DATE_END = TIMESTAMP_START + 10;
export const TIMESTAMP_END = TIMESTAMP_START + 24;
export const NEWLINE = 0x0a;

const DIGIT = 1;
const ID_CHARACTER = 2;
/** What kinds of character a byte is. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return (/\d/.test(character) ? DIGIT : 0) | (/[0-9A-HJKMNP-TV-Z]/.test(character) ? ID_CHARACTER : 0);
});
/** The head of every line, up to its date: a kind where the byte varies, else the byte, which is above all kinds. */
const HEAD = Uint8Array.from([
  ...Buffer.from(LINE_PREFIX), ...Array<number>(ID_END - ID_START).fill(ID_CHARACTER), ...Buffer.from(TIMESTAMP_PREFIX),
  ...Array.from('dddd-dd-dd', (character) => (character === 'd' ? DIGIT : character.charCodeAt(0))),
]);

/** Offsets of id and time in every line. */
export const LINE_OFFSETS = { idStart: ID_START, idEnd: ID_END, timestampStart: TIMESTAMP_START, timestampEnd: TIMESTAMP_END } as const;

/**
 * The UTC date, as the number YYYYMMDD, of the line from `from` until `to` (newline included), or
 * undefined where it is none of ours: a sector that a power cut left half-written. Makes no object:
 * every line that is exported passes here.
 */
export function lineDay(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (to - from < TIMESTAMP_END + 3 || bytes[to - 2] !== 0x7d /* } */) return undefined;
  let day = 0;
  for (let i = 0; i < DATE_END; i++) {
    const byte = bytes[from + i] as number;
    const expected = HEAD[i] as number;
    if (expected > ID_CHARACTER ? byte !== expected : ((KINDS[byte] as number) & expected) === 0) return undefined;
    if (expected === DIGIT) day = day * 10 + byte - 0x30;
  }
  return day;
}

/** The UTC date, `YYYY-MM-DD`, of the line from `from` on, where lineDay knows it. */
export function lineDate(bytes: Buffer, from: number): string {
  return bytes.toString('latin1', from + TIMESTAMP_START, from + DATE_END);
}

/** Id and UTC date of a line (newline included), or undefined where it is none of ours. */
export function lineKey(line: Buffer): { readonly id: string; readonly date: string } | undefined {
  if (lineDay(line, 0, line.length) === undefined) return undefined;
  return { id: line.toString('latin1', ID_START, ID_END), date: lineDate(line, 0) };
}

/** When the request of a line was received, in milliseconds since the epoch; undefined where it is none of ours. */
export function lineTime(line: Buffer): number | undefined {
  const time = Date.parse(line.toString('latin1', TIMESTAMP_START, TIMESTAMP_END));
  return Number.isNaN(time) ? undefined : time;
}

/** Lines that end in the bytes. */
export function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
