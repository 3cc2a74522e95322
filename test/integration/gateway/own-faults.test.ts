import { expect } from 'chai';
import { proxied } from '../../support/proxied.js';
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

  describe('while an answer passes', () => {
    const suite = proxied();
    for (const [what, type, answer] of [
      ['at its end', 'text/plain', 'an answer without a length'],
      ['at its last event', 'text/event-stream', 'data: [DONE]\n\n'],
    ] as const) {
      it(`${what} break it off, are told as our own, and leave nothing open`, async () => {
        const faults: unknown[] = [];
        let fails = true;
        await suite.start((_q, response) => { response.writeHead(200, { 'content-type': type }).end(answer); }, {
          onFault: (error) => { faults.push(error); },
          onRecord: () => { if (fails) throw new Error('a bug'); },
        });
        const { text } = await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{}'));
        expect(text).to.not.match(/\r\n0\r\n\r\n$/);
        expect(faults).to.have.length(1);
        expect(faults[0]).to.have.property('message', 'a bug');
        expect(suite.proxy.gateway.sweeper.size).to.equal(0);
        fails = false;
        expect((await rawExchange(suite.proxy.port, rawPost('/v1/chat/completions', '{}', ['connection: close']))).text).to.include(answer);
        expect(suite.proxy.exchanges).to.have.length(1);
      });
    }
  });
});
