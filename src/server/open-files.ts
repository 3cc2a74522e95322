import { readFileSync } from 'node:fs';

/** Descriptors for what is neither a client's nor a provider's: log segments, the exporter, the libraries. */
const RESERVED = 100;
const LEAST = 16;
const MOST = 10_000;

/** How many files this process may have open; undefined where the system does not say. */
export function openFileLimit(): number | undefined {
  try {
    return parseOpenFileLimit(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return undefined;
  }
}

/** The soft limit in the text of Linux's `/proc/self/limits`. */
export function parseOpenFileLimit(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** How many connections to providers that limit allows: each call has one to its client, too. */
export function connectionsFor(openFiles: number | undefined): number {
  return openFiles === undefined ? MOST : Math.min(MOST, Math.max(LEAST, Math.floor((openFiles - RESERVED) / 2)));
}

/** A function that tells at most once in a period; what comes in between is dropped. */
export function atMostEvery<T>(periodMs: number, tell: (value: T) => void): (value: T) => void {
  let last = -Infinity;
  return (value) => {
    const now = performance.now();
    if (now - last < periodMs) return;
    last = now;
    tell(value);
  };
}
