import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; // Crockford's base 32, as the ULID specification fixes it
const POOL_BYTES = 16 * 512;

const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;
let prefixTime = -1;
let prefix = '';

/**
 * A new ULID: 10 characters of time (milliseconds since the epoch), then 80 random bits as 16.
 * Ids of one process and millisecond are unordered, which costs nothing: order comes from the log.
 */
export function newRequestId(now: number): string {
  if (now !== prefixTime) {
    prefix = encodeTime(now);
    prefixTime = now;
  }
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  let id = prefix;
  for (const end = used + 16; used < end; used++) id += ALPHABET[(pool[used] as number) & 31];
  return id;
}

function encodeTime(time: number): string {
  let rest = Math.max(0, Math.floor(time));
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = (ALPHABET[rest % 32] as string) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
