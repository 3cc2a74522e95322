import type { RequestListener } from 'node:http';
import { everyProviderAt, startProxy, startUpstream, type HarnessOptions, type ProxyHarness, type ScriptedUpstream } from './proxy-harness.js';

/** A gateway with all its providers played by one scripted upstream; both are gone after each test of the suite. */
export interface Proxied {
  readonly proxy: ProxyHarness;
  readonly upstream: ScriptedUpstream;
  start(handler: RequestListener, options?: HarnessOptions): Promise<ProxyHarness>;
}

/** To be called inside `describe`. */
export function proxied(): Proxied {
  let proxy: ProxyHarness | undefined;
  let upstream: ScriptedUpstream | undefined;
  afterEach(async () => {
    await proxy?.close();
    await upstream?.close();
    proxy = upstream = undefined;
  });
  return {
    get proxy() {
      if (proxy === undefined) throw new Error('start() comes first');
      return proxy;
    },
    get upstream() {
      if (upstream === undefined) throw new Error('start() comes first');
      return upstream;
    },
    async start(handler, options = {}) {
      upstream = await startUpstream(handler);
      proxy = await startProxy({ ...options, env: { ...everyProviderAt(upstream.url), ...options.env } });
      return proxy;
    },
  };
}

/** The same in one chunk: a request that does not take the fast path. */
export function rawChunkedPost(path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** A request with a JSON body as raw bytes. */
export function rawPost(path: string, body: string, headers: readonly string[] = [], version = '1.1'): string {
  return [`POST ${path} HTTP/${version}`, 'host: localhost', 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, ...headers, '', body].join('\r\n');
}
