import { Connection, requestBytes, type Observer } from './connection.js';
import type { LoadResult, OpenJob } from './jobs.js';
import { Tally } from './tally.js';

/** Requests that may be unanswered at once; beyond, they are counted as shed. */
const MAX_UNANSWERED = 2_000;
/** The same moments for every target. */
const SEED = 0x9e3779b9;

/**
 * Runs an open job: Poisson arrivals, each sent at its moment on a connection of its own if all
 * others are busy, so that a target which stalls is charged for every request that it kept waiting
 * (no coordinated omission). Latency counts from the tick at which the request was due.
 */
export function runOpen(job: OpenJob): Promise<LoadResult> {
  const request = requestBytes(job);
  const tally = new Tally();
  const free: Connection[] = [];
  const open = new Set<Connection>();
  const random = mulberry32(SEED);
  let unanswered = 0;
  let stopped = false;
  const observer: Observer = {
    answered: (connection) => {
      if (stopped) return;
      tally.answered(connection);
      unanswered -= 1;
      free.push(connection);
    },
    ended: (connection, busy) => {
      open.delete(connection);
      if (stopped) return;
      const at = free.indexOf(connection);
      if (at !== -1) free.splice(at, 1);
      if (busy) {
        tally.broken += 1;
        unanswered -= 1;
      }
    },
  };
  const fire = (now: number): void => {
    if (unanswered >= MAX_UNANSWERED) {
      tally.shed += 1;
      return;
    }
    unanswered += 1;
    let connection = free.pop();
    if (connection === undefined) {
      connection = new Connection(job.port, observer);
      open.add(connection);
    }
    connection.send(request, now);
  };
  return new Promise((resolve) => {
    const start = performance.now();
    const end = start + job.seconds * 1000;
    let next = start + interval();
    const tick = (): void => {
      const now = performance.now();
      while (next <= now && next < end) {
        fire(now);
        next += interval();
      }
      if (next < end) setTimeout(tick, 1);
      else void drained().then(() => { finish(); });
    };
    const finish = (): void => {
      stopped = true;
      const result = tally.result();
      for (const connection of open) connection.destroy();
      resolve({ ...result, seconds: job.seconds });
    };
    tick();
  });

  function interval(): number {
    return -Math.log(1 - random()) * 1000 / job.rate;
  }

  /** Waits for what is still unanswered, so that slow answers count too. */
  async function drained(): Promise<void> {
    const deadline = performance.now() + 5_000;
    while (unanswered > 0 && performance.now() < deadline) {
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
  }
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
