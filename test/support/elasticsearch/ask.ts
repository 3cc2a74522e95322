import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

export interface Access {
  readonly username?: string;
  readonly password?: string;
  /** PEM of the authority behind an https address. */
  readonly ca?: string;
}

/** One request to a server under test; undefined where no whole answer comes. */
export function ask(url: string, access: Access, timeoutMs: number, { method = 'GET', body }: { method?: string; body?: unknown } = {}): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? tlsRequest : plainRequest;
    const auth = access.username === undefined ? {} : { auth: `${access.username}:${access.password ?? ''}` };
    const options = { method, agent: false, signal: AbortSignal.timeout(timeoutMs), headers: { 'content-type': 'application/json' }, ...auth, ...(access.ca !== undefined && { ca: access.ca }) };
    const request = send(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }); });
      response.on('error', () => { resolve(undefined); });
    });
    request.on('error', () => { resolve(undefined); });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
