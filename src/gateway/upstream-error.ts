import type { ErrorType } from '../domain/error-types.js';

export interface UpstreamFault {
  readonly type: ErrorType;
  /** For the client: what happened, without addresses or secrets. */
  readonly detail: string;
}

const DETAILS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'its host name cannot be resolved',
  EAI_AGAIN: 'its host name cannot be resolved at the moment',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by an unknown authority (NODE_EXTRA_CA_CERTS adds one)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate is signed by an unknown authority (NODE_EXTRA_CA_CERTS adds one)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate is signed by an unknown authority (NODE_EXTRA_CA_CERTS adds one)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host name',
  EPROTO: 'it does not speak TLS there',
};

/** What the gateway itself ran out of. */
const SHORTAGES: Readonly<Record<string, string>> = {
  TOO_MANY_CONNECTIONS: 'the gateway has as many connections to providers as it may have (UPSTREAM_MAX_CONNECTIONS)',
  EMFILE: 'the gateway has no file descriptor left for another connection (raise its limit, ulimit -n)',
  ENFILE: 'the gateway\'s system has no file descriptor left for another connection',
};
/** Codes of a request that cannot be written: our own client's and node:http's. */
const UNSENDABLE: readonly string[] = ['UNSENDABLE_REQUEST', 'ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'ERR_UNESCAPED_CHARACTERS'];

/** What a failed attempt means; `sent` = the request's first byte may have left. Codes are Node's and those of http1/fault.ts. */
export function upstreamFault(error: Error, sent: boolean): UpstreamFault {
  const code = errorCode(error);
  const shortage = SHORTAGES[code];
  if (shortage !== undefined) return { type: 'connections_full', detail: shortage };
  if (UNSENDABLE.includes(code)) {
    return { type: 'provider_unconfigured', detail: `the request cannot be sent, since ${unsendable(error)}. Check its configured key and headers` };
  }
  if (!sent) return { type: 'upstream_connect', detail: DETAILS[code] ?? 'no connection could be made' };
  if (code === 'UPSTREAM_PROTOCOL' || code.startsWith('HPE_')) {
    return { type: 'upstream_protocol', detail: 'its answer is not valid HTTP' };
  }
  return { type: 'upstream_reset', detail: 'it closed the connection before its answer was complete' };
}

/** Only our own client's message is known to hold no value. */
function unsendable(error: Error): string {
  return errorCode(error) === 'UNSENDABLE_REQUEST' ? error.message : 'a header has a character that no header can carry';
}

/** Whether another attempt makes sense: nothing was sent, and the fault is one of the moment, not of a certificate or name. */
export function isPassing(error: Error): boolean {
  const code = errorCode(error);
  return ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EAI_AGAIN', 'EPIPE'].includes(code);
}

function errorCode(error: Error): string {
  const first = error instanceof AggregateError ? error.errors[0] as unknown : error;
  const { code } = first as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
