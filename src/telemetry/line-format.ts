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

const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Offsets of id and time in every line. */
export const LINE_OFFSETS = { idStart: ID_START, idEnd: ID_END, timestampStart: TIMESTAMP_START, timestampEnd: TIMESTAMP_END } as const;

/** Id and UTC date of a line (newline included), or undefined where it is none of ours: a sector that a power cut left half-written. */
export function lineKey(line: Buffer): { readonly id: string; readonly date: string } | undefined {
  if (line.length < TIMESTAMP_END + 3 || line[line.length - 2] !== 0x7d /* } */) return undefined;
  const head = line.toString('latin1', 0, TIMESTAMP_END);
  if (!head.startsWith(LINE_PREFIX) || !head.startsWith(TIMESTAMP_PREFIX, ID_END)) return undefined;
  const id = head.slice(ID_START, ID_END);
  const date = head.slice(TIMESTAMP_START, DATE_END);
  return ID.test(id) && DATE.test(date) ? { id, date } : undefined;
}

/** When the request of a line was received, in milliseconds since the epoch; undefined where it is none of ours. */
export function lineTime(line: Buffer): number | undefined {
  const time = Date.parse(line.toString('latin1', TIMESTAMP_START, TIMESTAMP_END));
  return Number.isNaN(time) ? undefined : time;
}
