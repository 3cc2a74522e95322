import { isIP } from 'node:net';
import { InvalidValue } from './variable.js';

/** Timers of Node hold no more: 2³¹ − 1 ms, a bit under 25 days. */
const LONGEST_TIMER_MS = 24 * 86_400_000;

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1, b: 1,
  k: 1024, kib: 1024, kb: 1_000,
  m: 1024 ** 2, mib: 1024 ** 2, mb: 1_000 ** 2,
  g: 1024 ** 3, gib: 1024 ** 3, gb: 1_000 ** 3,
  t: 1024 ** 4, tib: 1024 ** 4, tb: 1_000 ** 4,
};

export function port(value: string): number {
  const number = Number(value);
  if (!/^\d{1,5}$/.test(value) || number > 65_535) throw new InvalidValue('must be a port number (0–65535)');
  return number;
}

/** How many processes. */
export function count(value: string): number {
  if (!/^[1-9]\d{0,2}$/.test(value)) throw new InvalidValue('must be a whole number from 1 to 999');
  return Number(value);
}

/** A whole number, at least 1. */
export function limit(value: string): number {
  const number = Number(value);
  if (!/^\d{1,9}$/.test(value) || number < 1) throw new InvalidValue('must be a whole number of at least 1');
  return number;
}

export function boolean(value: string): boolean {
  const word = value.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return true;
  if (['false', '0', 'no', 'off'].includes(word)) return false;
  throw new InvalidValue('must be true or false');
}

/** Milliseconds; `0` is off. */
export function duration(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/i.exec(value);
  if (value === '0') return 0;
  const unit = DURATION_UNITS[match?.[2]?.toLowerCase() ?? ''];
  if (match === null || unit === undefined) throw new InvalidValue('must be a duration: a number with ms, s, m, h, d or w, or 0');
  return Math.round(Number(match[1]) * unit);
}

/** A duration that a timer must hold. */
export function timeout(value: string): number {
  const ms = duration(value);
  if (ms > LONGEST_TIMER_MS) throw new InvalidValue('must be at most 24d; 0 turns it off');
  return ms;
}

/** Bytes, more than none. `K`, `M`, `G` and `KiB`, `MiB`, `GiB` are powers of 1024, `KB`, `MB`, `GB` of 1000. */
export function size(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(value);
  const unit = SIZE_UNITS[match?.[2]?.toLowerCase() ?? '?'];
  if (match === null || unit === undefined) throw new InvalidValue('must be a size: a number of bytes, or one with KiB, MiB, GiB or TiB');
  const bytes = Math.floor(Number(match[1]) * unit);
  if (bytes < 1 || !Number.isSafeInteger(bytes)) throw new InvalidValue('must be at least 1 byte and at most 8191TiB');
  return bytes;
}

export function choice<const T extends string>(choices: readonly T[]): (value: string) => T {
  return (value) => {
    const found = choices.find((name) => name === value.toLowerCase());
    if (found === undefined) throw new InvalidValue(`must be ${anyOf(choices)}`);
    return found;
  };
}

export function text(value: string): string {
  return value;
}

/** A name or an address to bind, without scheme or port; brackets of IPv6 are taken off. */
export function host(value: string): string {
  const bare = value.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0 || /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?$/i.test(bare)) return bare;
  throw new InvalidValue('must be an address or a host name, without scheme and port');
}

/** What stands between commas; empty entries are passed over. */
export function list(value: string): string[] {
  return value.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
}

export function anyOf(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}
