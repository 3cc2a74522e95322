import type { ErrorType } from '../domain/error-types.js';
import { newRequestId } from '../domain/request-id.js';

/** An answer of the gateway's own to what never became a request. */
export function ownAnswer(
  type: ErrorType, message: string,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const body = JSON.stringify({ error: { message, type, code: type, param: null } });
  return {
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'x-gateway-error': type,
      'x-gateway-request-id': newRequestId(Date.now()),
    },
    body,
  };
}
