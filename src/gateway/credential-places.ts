import type { AuthStyle } from '../domain/provider.js';

/** Where a request may carry a credential: headers, and query parameters (with `?`). */
export type Place = 'authorization' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | 'sec-websocket-protocol' | '?key' | '?api-key';

/** The places of a gateway key, in the order in which a gateway key is looked for. */
export const PLACES: readonly Place[] = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', '?key', '?api-key'];

/** The places that a style of authentication reads. */
export const PLACES_OF: Readonly<Record<AuthStyle, readonly Place[]>> = {
  'bearer': ['authorization', 'sec-websocket-protocol'],
  'x-api-key': ['x-api-key'],
  'api-key': ['api-key', '?api-key'],
  'x-goog-api-key': ['x-goog-api-key', '?key'],
  'aws-sigv4': ['authorization'],
  'none': ['authorization'],
};

/** The place that a raw header name stands for; undefined for all other headers. */
export function placeOfHeader(rawName: string): Place | undefined {
  switch (rawName.length) {
    case 7: return named(rawName, 'api-key');
    case 9: return named(rawName, 'x-api-key');
    case 13: return named(rawName, 'authorization');
    case 14: return named(rawName, 'x-goog-api-key');
    case 22: return named(rawName, 'sec-websocket-protocol');
    default: return undefined;
  }
}

function named(rawName: string, place: Place): Place | undefined {
  return rawName === place || rawName.toLowerCase() === place ? place : undefined;
}

/** The credential in a header's value: without the scheme in `Authorization`, '' where there is none (`Bearer` and no key). */
export function credentialIn(place: Place, value: string): string {
  if (place !== 'authorization') return value;
  // The spelling of nearly all, apart from the rare others.
  if (value.startsWith('Bearer ') && value.charCodeAt(7) > 0x20) return value.slice(7);
  return value.replace(/^bearer(?:[ \t]+|$)/i, '');
}

/** What stands behind any scheme of `Authorization`, decoded where the scheme is Basic. */
export function behindScheme(value: string): string {
  const blank = value.search(/[ \t]/);
  if (blank === -1) return value;
  const rest = value.slice(blank).trim();
  return value.slice(0, blank).toLowerCase() === 'basic' ? Buffer.from(rest, 'base64').toString('latin1') : rest;
}

/** The key in `Authorization` behind any scheme, without quotes; of Basic the password, or the user where there is none. */
export function keyIn(authorization: string): string {
  const credential = credentialIn('authorization', authorization);
  if (isAwsSignature(authorization)) return authorization;
  const text = (credential === authorization ? behindScheme(authorization) : credential).replace(/^"|"$/g, '');
  if (!/^basic[ \t]/i.test(authorization)) return text;
  const [user = '', password = ''] = text.split(/:(.*)/s);
  return password === '' ? user : password;
}

/** An AWS SDK's signature: made for the gateway's address, it opens nothing. */
export function isAwsSignature(value: string): boolean {
  return value.startsWith('AWS4-');
}
