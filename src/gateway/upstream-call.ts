import type { ClientRequest } from './client.js';
import type { GatewayContext } from './context.js';
import { ownCredential, type Admission } from './credentials.js';
import { requestHeaders } from './headers.js';
import { placeOf } from './region.js';
import type { Route } from './route.js';

/** A request to a provider, body aside. */
export interface UpstreamCall {
  readonly origin: string;
  readonly path: string;
  /** Flat list; grows by the signature where there is one. */
  readonly headers: string[];
  /** Empty for providers that have none. */
  readonly region: string;
}

/** Whether the call must be signed with the gateway's AWS credentials: no key, the client's or ours, does it. */
export function needsSignature({ upstream }: Route, { useOwnKey }: Admission): boolean {
  return upstream.provider.auth === 'aws-sigv4' && useOwnKey && upstream.key === undefined;
}

/** Why a request is refused of which `upstreamCall` makes nothing. */
export const BAD_REGION =
  'The region in the request (in its path, x-aws-region or its signature) is not valid. Use one such as us-east-1.';

/** Makes the call that carries a request on; undefined where the region that it names is not valid. */
export function upstreamCall(
  gateway: GatewayContext, request: ClientRequest, route: Route, admission: Admission,
  body: { readonly spliced: boolean; readonly streams: boolean },
): UpstreamCall | undefined {
  const { provider, key } = route.upstream;
  const place = placeOf(route, request.headers, gateway.variable);
  if (place === undefined) return undefined;
  const headers = requestHeaders(request.rawHeaders, {
    connection: request.headers.connection,
    drop: admission.drop,
    identityEncoding: body.spliced,
    via: `1.1 ${gateway.viaName}`,
  });
  if (admission.useOwnKey && key !== undefined) headers.push(...ownCredential(route.auth, key.value));
  if (provider.defaultHeaders !== undefined) {
    for (const [name, value] of Object.entries(provider.defaultHeaders)) {
      if (request.headers[name] === undefined) headers.push(name, value);
    }
  }
  const length = request.headers['content-length'];
  if (body.streams && length !== undefined) headers.push('content-length', length);
  return { origin: place.origin, region: place.region, path: route.upstreamPath + admission.query, headers };
}
