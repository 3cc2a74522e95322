import { fullJitter } from './backoff.js';
import type { Timing } from './timing.js';

export type PauseKind = 'backing-off' | 'holding' | 'waiting-for-template';

/** Why nothing goes to the cluster at all, and until when; kept until something gets through. */
export class Pause {
  readonly #timing: Timing;
  readonly #random: () => number;
  #until = 0;
  #failures = 0;
  #cause: { readonly kind: PauseKind; readonly reason: string; readonly fix: string | null } | undefined;

  constructor(timing: Timing, random: () => number = Math.random) {
    this.#timing = timing;
    this.#random = random;
  }

  /** Monotonic milliseconds. */
  get until(): number {
    return this.#until;
  }

  get cause(): { readonly kind: PauseKind; readonly reason: string; readonly fix: string | null } | undefined {
    return this.#cause;
  }

  /** The cluster did not answer or has too much to do; whether that is news. */
  backOff(now: number, reason: string, atLeastMs = 0): boolean {
    this.#failures++;
    const wait = fullJitter(this.#failures, this.#timing.backoffBaseMs, this.#timing.backoffCapMs, this.#random);
    return this.#set('backing-off', reason, null, now + Math.max(atLeastMs, wait));
  }

  /** Somebody must fix something; whether that is news. */
  hold(now: number, reason: string, fix: string): boolean {
    return this.#set('holding', reason, fix, now + this.#timing.probeMs);
  }

  /** The objects of the cluster are not in place; asked more often than a hold, since an administrator may just be at it. */
  awaitTemplate(now: number, reason: string, fix: string): boolean {
    return this.#set('waiting-for-template', reason, fix, now + this.#timing.probeMs / 4);
  }

  /** Something got through; whether anything was wrong before. */
  clear(): boolean {
    const was = this.#cause !== undefined;
    this.#until = 0;
    this.#failures = 0;
    this.#cause = undefined;
    return was;
  }

  #set(kind: PauseKind, reason: string, fix: string | null, until: number): boolean {
    const news = this.#cause?.kind !== kind || (kind !== 'backing-off' && this.#cause.reason !== reason);
    this.#until = Math.max(this.#until, until);
    this.#cause = { kind, reason, fix };
    return news;
  }
}
