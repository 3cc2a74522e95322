import type { ErrorType } from '../domain/error-types.js';
import type { ClientRequest, ClientResponse } from './client.js';

/** What the APIs of providers use. TRACE would make a provider repeat the key that the gateway lends. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const CONTINUE = /^100-continue$/i;

/** Why a request is refused whatever it asks for: its method, its Host or what it expects. */
export function requestFault(
  request: ClientRequest, { req }: Pick<ClientResponse, 'req'>,
): { readonly type: ErrorType; readonly message: string } | undefined {
  const { method = '', headers } = request;
  if (!METHODS.has(method)) {
    const supported = [...METHODS].join(', ');
    return { type: 'method_unsupported', message: `The gateway does not forward ${method} requests. Supported: ${supported}.` };
  }
  if (req.httpVersion !== '1.0') {
    if (headers.host === undefined) return { type: 'bad_request', message: 'Bad request: the Host header is missing.' };
    if (headers.expect !== undefined && !CONTINUE.test(headers.expect)) {
      const message = 'The only expectation that the gateway meets is 100-continue. Remove the Expect header.';
      return { type: 'expectation_failed', message };
    }
  }
  if (hostLines(request.rawHeaders) < 2) return undefined;
  return { type: 'bad_request', message: 'Bad request: there is more than one Host header.' };
}

function hostLines(rawHeaders: readonly string[]): number {
  let lines = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') lines += 1;
  }
  return lines;
}
