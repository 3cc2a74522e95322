import { expect } from 'chai';
import { rawPost } from '../../support/proxied.js';
import { rawExchange, startProxy } from '../../support/proxy-harness.js';

// A bug of ours costs the request that met it, and no other.
describe('faults of the gateway itself', () => {
  for (const [what, bytes] of [
    ['with a body', rawPost('/model/m/converse', '{"a":1}', ['connection: close'])],
    ['without one', 'GET /model/m/converse HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'],
  ] as const) {
    it(`end a request ${what} with 500, a record and a word to the log`, async () => {
      const faults: unknown[] = [];
      const env: Record<string, string> = { AWS_BEARER_TOKEN_BEDROCK: 'k' };
      Object.defineProperty(env, 'AWS_REGION', { get: () => { throw new Error('a bug'); } });
      const proxy = await startProxy({ env, onFault: (error) => { faults.push(error); } });
      const { text } = await rawExchange(proxy.port, bytes);
      expect(text).to.match(/^HTTP\/1\.1 500/).and.match(/x-gateway-error: internal_error/).and.not.include('a bug');
      expect(await proxy.exchange()).to.deep.include({ statusCode: 500, errorType: 'internal_error', endReason: 'gateway', errorCount: 1, attempts: 0 });
      expect(faults).to.have.length(1);
      expect(faults[0]).to.have.property('message', 'a bug');
      expect((await fetch(`${proxy.url}/health`)).status).to.equal(200);
      expect(proxy.gateway.sweeper.size).to.equal(0);
      await proxy.close();
    });
  }
});
