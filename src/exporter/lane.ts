import { indexFor, type Layout } from '../domain/elastic-names.js';

/** Why an index takes nothing at the moment. */
export interface Hold {
  readonly reason: string;
  readonly fix: string;
  /** Monotonic time of the next probe. */
  readonly probeAt: number;
  /** Holds in a row. */
  readonly count: number;
}

/**
 * The way to one index: in the daily layout one for each date, else one for all. Indices fail one by
 * one, so each waits by itself.
 */
export class Lane {
  /** `YYYY-MM-DD`, or undefined where one index takes all dates. */
  readonly date: string | undefined;
  readonly index: string;
  /** The index was looked at before the first write (and again after a fault). */
  checked = false;
  checking = false;
  /** Monotonic time of the last look. */
  checkedAt = -Infinity;
  /** Its lifecycle has deleted it: records would make it anew. */
  expired = false;
  hold: Hold | undefined;
  /** The next request also asks under which ids its documents are. */
  checksIds = true;
  /** Held because a pipeline changes what is written: a probe would write more of that. */
  isDiverted = false;
  /** Requests on the way. */
  inFlight = 0;
  /** The last answer refused every document: one request at a time until one gets through. */
  refusing = false;
  /** Holds since documents last got through. */
  #holds = 0;

  constructor(name: string, layout: Layout, date: string) {
    this.date = layout === 'daily' ? date : undefined;
    this.index = indexFor(name, layout, date);
  }

  /** The queue of retry files that belongs to it. */
  get queue(): string {
    return queueOf(this.date);
  }

  /** Takes nothing until a probe gets through; looks at the index again before that. */
  holdUntil(probeAt: number, reason: string, fix: string): void {
    this.hold = { reason, fix, probeAt, count: ++this.#holds };
    this.checked = false;
  }

  /** What was seen is too old: it is looked at again before the next write. */
  renew(): void {
    this.checked = false;
    this.expired = false;
    this.checksIds = true;
  }

  get holds(): number {
    return this.#holds;
  }

  /** Documents got through. */
  open(): void {
    this.hold = undefined;
    this.refusing = false;
    this.isDiverted = false;
    this.#holds = 0;
  }
}

export function queueOf(date: string | undefined): string {
  return `again-${date ?? 'all'}`;
}

/** The date of a queue of `again` files; undefined for other queues and for the one of all dates. */
export function dateOfQueue(queue: string): string | undefined {
  return /^again-(\d{4}-\d{2}-\d{2})$/.exec(queue)?.[1];
}
