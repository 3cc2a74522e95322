import { uptime } from 'node:os';

/** Both clocks at one moment, in milliseconds. */
export interface ClockReading {
  /** Since the epoch. */
  readonly wall: number;
  /** Since the machine was started, the time that it slept included. */
  readonly monotonic: number;
  /** Monotonic time until which age decides nothing, after a jump. */
  readonly ageRestsUntil?: number | undefined;
}

const JUMP_MS = 3_600_000;
const REST_MS = 24 * 3_600_000;

export function clockReading(): ClockReading {
  // Not performance.now(), which stands still while the machine sleeps: a laptop's lid is not a clock that was set.
  return { wall: Date.now(), monotonic: uptime() * 1_000 };
}

/**
 * Compares a reading with the one before. A wall clock that moved by over an hour against the
 * monotonic one was set: ages cannot be trusted, and a wrong clock must not
 * delete everything, so age rests for a day — time to set it right.
 */
export function judgeClock(now: ClockReading, previous: ClockReading | undefined): { jumpMs: number | undefined; pauseAge: boolean; reading: ClockReading } {
  const moved = previous === undefined ? 0 : (now.wall - previous.wall) - (now.monotonic - previous.monotonic);
  const jumped = Math.abs(moved) > JUMP_MS;
  const ageRestsUntil = jumped ? now.monotonic + REST_MS : previous?.ageRestsUntil;
  const pauseAge = ageRestsUntil !== undefined && now.monotonic < ageRestsUntil;
  return {
    jumpMs: jumped ? moved : undefined,
    pauseAge,
    reading: { wall: now.wall, monotonic: now.monotonic, ageRestsUntil: pauseAge ? ageRestsUntil : undefined },
  };
}
