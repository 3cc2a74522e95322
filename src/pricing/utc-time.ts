const SHAPE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/;

/** What `parseUtcTime` takes, as a fix says it. */
export const UTC_TIME_SHAPES = 'Give a day as YYYY-MM-DD, or a time as YYYY-MM-DDTHH:MM:SSZ; both are UTC.';

/** A day or a time in UTC as milliseconds since the epoch; undefined for anything else, 30 February included. */
export function parseUtcTime(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined;
  const time = Date.parse(text);
  // Date.parse makes 2 March of 30 February: the day must come back as it went in.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text.slice(0, 10)) ? time : undefined;
}
