import type { PriceTable } from './price-table.js';

/** One of the prices of a model, and when it holds; without a condition: always. */
export interface ScheduledPrice {
  /** From then on, milliseconds since the epoch. */
  readonly from?: number;
  /** Between these times of the day in UTC, `HH:MM:SS`; the end is not part of it, and may lie on the next day. */
  readonly hours?: { readonly start: string; readonly end: string };
  /** From Monday to Friday only, holidays aside. */
  readonly workdays?: true;
  /** Undefined where no price is known. */
  readonly table: PriceTable | undefined;
}

/** Working days on which a provider that names its public holidays charges as at the weekend (China's, by the State Council). */
const HOLIDAYS: ReadonlySet<string> = new Set([
  '2026-09-25', '2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07', '2027-01-01',
]);

const DAY = 86_400_000;

/** The price in force at `at` (milliseconds since the epoch): the last one that holds, else the first. */
export function priceAt(schedule: readonly ScheduledPrice[], at: number): PriceTable | undefined {
  if (schedule.length === 1) return schedule[0]?.table;
  if (Number.isNaN(at)) return undefined;
  return (schedule.findLast((price) => holds(price, at)) ?? schedule[0])?.table;
}

function holds({ from, hours, workdays }: ScheduledPrice, at: number): boolean {
  if (from !== undefined && at < from) return false;
  if (workdays === true && !isWorkday(at)) return false;
  if (hours === undefined) return true;
  const time = ((at % DAY) + DAY) % DAY;
  const start = timeOfDay(hours.start);
  const end = timeOfDay(hours.end);
  return end < start ? time >= start || time < end : time >= start && time < end;
}

function isWorkday(at: number): boolean {
  const date = new Date(at);
  const day = date.getUTCDay();
  return day !== 0 && day !== 6 && !HOLIDAYS.has(date.toISOString().slice(0, 10));
}

function timeOfDay(text: string): number {
  return Date.parse(`1970-01-01T${text}Z`);
}
