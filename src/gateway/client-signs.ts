import type { IncomingHttpHeaders } from 'node:http';
import { PLACEHOLDER_KEY } from '../domain/gateway-key.js';
import type { Provider } from '../domain/provider.js';
import { isAwsSignature, keyIn } from './credential-places.js';
import { queryParts, type QueryPart } from './query.js';

/** What is looked at to tell whose client a request comes from. */
export interface Signed {
  readonly headers: IncomingHttpHeaders;
  /** With its `?`. */
  readonly query: string;
  /** A gateway key is nobody's sign. */
  readonly isGatewayKey: (credential: string) => boolean;
}

/**
 * By what a request shows that it comes from a client of this provider: what only such clients send, or a
 * key in `Authorization` that begins like the provider's (another server may take that, too). Undefined where nothing shows it.
 */
export function signOf({ signs }: Provider, { headers, query, isGatewayKey }: Signed): 'own' | 'key' | undefined {
  if (signs === undefined) return undefined;
  const { authorization } = headers;
  const parts = query === '' ? NO_PARTS : queryParts(query);
  if (signs.parameters?.some((name) => parts.some((part) => part.name.toLowerCase() === name)) === true) return 'own';
  for (const place of signs.credentials ?? NO_PLACES) {
    // Some clients send their key in both places; the one that all others read decides.
    if (place === 'x-api-key' && authorization !== undefined) continue;
    const value = place.startsWith('?') ? parts.find(({ name }) => name === place.slice(1))?.value : headers[place];
    if (typeof value === 'string' && value !== '' && value !== PLACEHOLDER_KEY && !isGatewayKey(value)) return 'own';
  }
  if (authorization === undefined || signs.authorization === undefined) return undefined;
  const credential = keyIn(authorization);
  if (!signs.authorization.some((begin) => credential.startsWith(begin))) return undefined;
  return isAwsSignature(credential) ? 'own' : 'key';
}

/** Whether a credential stands where only this provider's clients put it, a gateway key included. */
export function hasOwnPlace({ signs, unmistakableHeaders }: Provider, { headers, query }: Signed): boolean {
  if (unmistakableHeaders?.some((name) => headers[name] !== undefined) === true) return true;
  const parts = query === '' ? NO_PARTS : queryParts(query);
  return signs?.credentials?.some((place) =>
    (place.startsWith('?') ? parts.some(({ name }) => name === place.slice(1)) : headers[place] !== undefined)) === true;
}

const NO_PLACES: readonly never[] = [];
const NO_PARTS: readonly QueryPart[] = [];
