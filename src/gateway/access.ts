import { isIPv4 } from 'node:net';
import type { ClientRequest } from './client.js';

/** Whether an address of a socket is this machine's loopback. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  // A name like 127.0.0.1.evil.example is not an address.
  return plain === '::1' || (plain.startsWith('127.') && isIPv4(plain));
}

/** Whether HOST, as configured, is reachable from this machine only. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || (host.endsWith('.localhost') && /^[\w.-]+$/.test(host)) || isLoopbackAddress(host);
}

/** The name in a Host header, without port and brackets, lower-case. */
export function hostName(header: string | undefined): string {
  if (header === undefined) return '';
  const match = /^\[([^\]]*)\](?::\d*)?$/.exec(header) ?? /^([^:]*)(?::\d*)?$/.exec(header);
  return (match?.[1] ?? header).toLowerCase();
}

export interface AccessRules {
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
}

/**
 * A web page that the user happens to visit must not spend the gateway's keys: neither by a
 * cross-origin request nor through a DNS name that was rebound to loopback (proxy.md, rule 7).
 */
export class PageGuard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #anyOrigin: boolean;

  constructor(rules: AccessRules) {
    this.#hosts = new Set(rules.allowedHosts.map((host) => hostName(host)));
    this.#origins = new Set(rules.corsOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
    this.#anyOrigin = this.#origins.has('*');
  }

  allowsHost(request: ClientRequest): boolean {
    const name = hostName(request.headers.host);
    if (isLoopbackHost(name) || this.#hosts.has(name) || this.#hosts.has('*')) return true;
    // An address cannot be rebound: it is fine where it is the one the request came in by.
    return name !== '' && (name === request.socket.localAddress || `::ffff:${name}` === request.socket.localAddress);
  }

  allowsOrigin(request: ClientRequest): boolean {
    const { origin } = request.headers;
    if (origin !== undefined) return this.#anyOrigin || this.#origins.has(origin.toLowerCase());
    return this.#anyOrigin || request.headers['sec-fetch-site'] !== 'cross-site';
  }

  /** Headers for the answer to an allowed origin, as a flat list; empty for all others. */
  corsHeaders(request: ClientRequest): readonly string[] {
    const { origin } = request.headers;
    if (origin === undefined || !this.allowsOrigin(request)) return [];
    return ['access-control-allow-origin', origin, 'access-control-expose-headers', '*', 'vary', 'origin'];
  }

  /** Headers of the answer to a preflight, or undefined when the origin is not allowed. */
  preflight(request: ClientRequest): readonly string[] | undefined {
    if (request.headers.origin === undefined || !this.allowsOrigin(request)) return undefined;
    return [
      ...this.corsHeaders(request),
      'access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers', single(request.headers['access-control-request-headers']) ?? '*',
      'access-control-max-age', '600',
    ];
  }
}

export function isPreflight(request: ClientRequest): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
