import { wrongFlag } from './flag-failure.js';

/** Milliseconds since the epoch, of when requests were received. */
export interface TimeRange {
  readonly since: number;
  /** Exclusive. */
  readonly until: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;
const MIN_TIME = 0;
const MAX_TIME = Date.UTC(10_000, 0, 1) - 1;
const FIX = 'Use an age such as 30m, 24h or 7d, a date such as 2026-11-25 or 2026-11-25T08:00 (UTC unless it says otherwise), or now.';

/**
 * The range of `--since` and `--until`: the last 24 hours unless given.
 *
 * @throws Failure `bad_flag_value`
 */
export function parseRange(since: string | undefined, until: string | undefined, now: number): TimeRange {
  const range = { since: moment('since', since ?? '24h', now), until: moment('until', until ?? 'now', now) };
  if (range.since < range.until) return range;
  const [flag, text] = since === undefined ? ['until', until ?? 'now'] as const : ['since', since] as const;
  throw wrongFlag(flag, text, `the range from ${iso(range.since)} to ${iso(range.until)} is empty`, '--since must lie before --until (now, unless given).');
}

/** ISO 8601, UTC, milliseconds. */
export function iso(time: number): string {
  return new Date(time).toISOString();
}

function moment(flag: 'since' | 'until', text: string, now: number): number {
  const trimmed = text.trim();
  const time = trimmed.toLowerCase() === 'now' ? now : ago(trimmed, now) ?? date(trimmed);
  if (time === undefined || !(time >= MIN_TIME && time <= MAX_TIME)) throw wrongFlag(flag, text, 'is not a time', FIX);
  return time;
}

function ago(text: string, now: number): number | undefined {
  const match = /^(\d+)\s*([smhdw])$/i.exec(text);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''];
  return match === null || unit === undefined ? undefined : now - Number(match[1]) * unit;
}

function date(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, day, time = '00:00', zone = 'Z'] = match;
  const midnight = new Date(`${String(day)}T00:00Z`);
  // JavaScript takes the 30th of February for the 2nd of March.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const found = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(found) ? undefined : found;
}
