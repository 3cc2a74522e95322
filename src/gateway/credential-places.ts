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

const BY_LENGTH = new Map<number, Place>([[13, 'authorization'], [9, 'x-api-key'], [7, 'api-key'], [14, 'x-goog-api-key'], [22, 'sec-websocket-protocol']]);

/** The place that a raw header name stands for; undefined for all other headers. */
export function placeOfHeader(rawName: string): Place | undefined {
  const place = BY_LENGTH.get(rawName.length);
  return place !== undefined && rawName.toLowerCase() === place ? place : undefined;
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

/** An AWS SDK's signature: made for the gateway's address, it opens nothing. */
export function isAwsSignature(value: string): boolean {
  return value.startsWith('AWS4-');
}
