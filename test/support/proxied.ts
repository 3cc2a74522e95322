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

/** A request with a JSON body as raw bytes. */
export function rawPost(path: string, body: string, headers: readonly string[] = [], version = '1.1'): string {
  return [`POST ${path} HTTP/${version}`, 'host: localhost', 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, ...headers, '', body].join('\r\n');
}
