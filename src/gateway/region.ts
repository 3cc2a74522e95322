import type { IncomingHttpHeaders } from 'node:http';
import type { Route } from './route.js';
import type { ReadVariable } from './upstream.js';

/** What a region may look like: it becomes a part of a host name. */
const REGION = /^[a-z]{2,}(?:-[a-z0-9]+)*$/;
const MAX_LENGTH = 32;
const AWS_DEFAULT = 'us-east-1';
const PLACEHOLDER = '{region}';

/** Where a call goes once its region is known; `region` is empty where nothing says one. */
export interface Place {
  readonly origin: string;
  readonly region: string;
}

/**
 * Fills the region into the provider's origin. Where it comes from, in order: the path (Vertex AI),
 * the credential scope of the signature that an AWS SDK made for the gateway's address, the header
 * `x-aws-region`, the provider's variables. Undefined where what is named is not a region, or where
 * the address needs one and nothing names it.
 */
export function placeOf({ upstream, nativePath }: Route, headers: IncomingHttpHeaders, variable: ReadVariable): Place | undefined {
  const origin = upstream.origin as string;
  const { region: rule, auth, regionalHost } = upstream.provider;
  if (rule === undefined) return { origin, region: regionalHost?.exec(origin)?.[1] ?? '' };
  const aws = auth === 'aws-sigv4';
  const region = rule.fromPath?.exec(nativePath)?.[1]
    ?? (aws ? scopeOf(headers.authorization) ?? single(headers['x-aws-region']) : undefined)
    ?? configured(rule.variables, variable)
    ?? (aws ? AWS_DEFAULT : undefined);
  const global = region === undefined || region === 'global' ? rule.globalOrigin : undefined;
  if (global !== undefined) return { origin: origin.includes(PLACEHOLDER) ? global : origin, region: 'global' };
  if (region === undefined || region.length > MAX_LENGTH || !REGION.test(region)) return undefined;
  return { origin: origin.replace(PLACEHOLDER, region), region };
}

const CREDENTIAL = 'Credential=';
/** Key id, date, region, service and `aws4_request`: what a real one needs, and far more than that. */
const MAX_SCOPE_LENGTH = 256;

/** The region in `Credential=ID/DATE/REGION/…`; the first one counts, so that a header of many costs no more than one. */
function scopeOf(authorization: string | undefined): string | undefined {
  if (authorization?.startsWith('AWS4-') !== true) return undefined;
  const start = authorization.indexOf(CREDENTIAL);
  if (start === -1) return undefined;
  const scope = authorization.slice(start + CREDENTIAL.length, start + CREDENTIAL.length + MAX_SCOPE_LENGTH);
  return /^[^/\s]+\/\d{8}\/([^/\s]+)\//.exec(scope)?.[1];
}

function configured(names: readonly string[], variable: ReadVariable): string | undefined {
  for (const name of names) {
    const found = variable(name)?.value;
    if (found !== undefined) return found;
  }
  return undefined;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
