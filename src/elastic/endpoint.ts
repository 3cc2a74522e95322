/** A node as an address. */
export interface Endpoint {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  return { url, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 443 : 80) : Number(port), secure };
}
