import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** How keys begin that the gateway makes itself: what begins so and is not valid is never sent to a provider. */
export const GATEWAY_KEY_PREFIX = 'gw_';

/** The word that a client sends in place of a key to say "use the gateway's own" (under --allow-open). */
export const PLACEHOLDER_KEY = 'gateway';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 40;
const CHECKSUM_LENGTH = 6;

/** A new key: `gw_`, 40 random characters, and 6 by which a mistyped one can be told (CRC-32 of what stands before them). */
export function newGatewayKey(): string {
  let key = GATEWAY_KEY_PREFIX;
  for (let i = 0; i < RANDOM_LENGTH; i++) key += BASE62.charAt(randomInt(BASE62.length));
  return key + checksum(key);
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
