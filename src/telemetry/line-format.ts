/**
 * A line is the document's `_source`. The exporter reads two things from it without parsing: they
 * stand at fixed offsets, `{"request_id":"<26>","timestamp":"<24>",…}`.
 */
export const LINE_PREFIX = '{"request_id":"';
export const ID_START = LINE_PREFIX.length;
export const ID_END = ID_START + 26;
export const TIMESTAMP_PREFIX = '","timestamp":"';
export const TIMESTAMP_START = ID_END + TIMESTAMP_PREFIX.length;
export const DATE_END = TIMESTAMP_START + 10;
export const TIMESTAMP_END = TIMESTAMP_START + 24;
