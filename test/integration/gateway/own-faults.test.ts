import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { proxied, rawPost } from '../../support/proxied.js';
import { rawExchange, startProxy, until } from '../../support/proxy-harness.js';

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

  describe('when an exchange ends early', () => {
    const bodyToCome = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk\r\n'
      + 'content-type: application/json\r\ncontent-length: 10\r\n\r\n{';
    const chat = rawPost('/v1/chat/completions', '{}', ['connection: close']);
    const bedrock = rawPost('/model/m/converse', '{}', ['connection: close']);
    const socket = 'GET /v1/realtime?model=m HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk\r\n'
      + 'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    for (const [what, bytes, env, silent] of [
      ['its provider cannot be reached', chat, { OPENAI_BASE_URL: 'http://127.0.0.1:1' }, false],
      ['its provider cannot be reached after the request was signed', bedrock,
        { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', BEDROCK_BASE_URL: 'http://127.0.0.1:1' }, false],
      ['there is nothing to sign it with', bedrock, { AWS_PROFILE: 'missing', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }, false],
      ['the rest of its body does not come', bodyToCome, {}, false],
      ['its provider does not answer in time', chat, {}, true],
      ['its provider does not answer a WebSocket in time', socket, {}, true],
    ] as const) {
      it(`and its record cannot be made: ${what}`, async () => {
        const faults: unknown[] = [];
        const upstream = createServer((accepted) => { accepted.on('error', () => undefined).resume(); });
        await new Promise<void>((resolve) => { upstream.listen(0, '127.0.0.1', resolve); });
        const address = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
        const proxy = await startProxy({
          env: silent ? { OPENAI_BASE_URL: address } : env, clientIdleMs: 50, settings: { upstreamFirstByteTimeoutMs: 50 },
          onFault: (error) => { faults.push(error); }, onRecord: () => { throw new Error('a bug'); },
        });
        // Thrown further, the fault would end the process.
        expect((await rawExchange(proxy.port, bytes)).text).to.equal('');
        expect(faults.map(String)).to.deep.equal(['Error: a bug']);
        await until(() => proxy.gateway.sweeper.size === 0);
        await proxy.close();
        await new Promise((resolve) => { upstream.close(resolve); });
      });
    }
  });

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
