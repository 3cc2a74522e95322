import { expect } from 'chai';
import { connect } from 'node:net';
import type { ServerResponse } from 'node:http';
import { proxied, rawPost } from '../../support/proxied.js';
import { until } from '../../support/proxy-harness.js';

const EVENT = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';
const CONNECTIONS = 200;

// Rules 13, 15 and 19 under disorder: clients and providers that do anything at any time.
describe('disorder', () => {
  const suite = proxied();

  for (const seed of [7, 4711]) {
    it(`leaves one sound record per request and nothing running (seed ${seed})`, async () => {
      let state = seed;
      const below = (n: number): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
        return state % n;
      };
      const later = (act: () => void): void => { setTimeout(act, below(8)); };
      const stream = (response: ServerResponse): void => { response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT); };
      const ways: readonly ((response: ServerResponse) => void)[] = [
        (response) => { response.socket?.destroy(); },
        (response) => { later(() => response.end('{}')); },
        (response) => { stream(response); later(() => { response.write('data: [DONE]\n\n'); later(() => response.end()); }); },
        (response) => { stream(response); later(() => response.destroy()); },
        (response) => { response.writeHead(200, { 'content-length': 100 }).write('{'); later(() => response.socket?.resetAndDestroy()); },
        (response) => { response.writeHead(204).end(); },
        () => undefined, // silence
        (response) => { response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.alloc(300_000)); },
        (response) => { response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"code":"x"}}'); },
      ];
      const faults: unknown[] = [];
      await suite.start((_q, response) => { ways[below(ways.length)]?.(response); }, {
        recordDelayMs: 3, clientIdleMs: 60, onFault: (error) => { faults.push(error); },
        settings: { upstreamFirstByteTimeoutMs: 60, upstreamIdleTimeoutMs: 60, maxBufferedBytes: 3_000 },
      });
      let sent = 0;
      for (let i = 0; i < CONNECTIONS; i++) {
        await new Promise<void>((resolve) => {
          const socket = connect(suite.proxy.port, '127.0.0.1', () => {
            for (let left = 1 + below(3); left > 0; left--) {
              const whole = rawPost(below(2) === 0 ? '/v1/messages' : '/v1/chat/completions', `{"model":"m","stream":true,"pad":"${'x'.repeat(below(1_500))}"}`,
                below(3) === 0 ? ['connection: close'] : [], below(6) === 0 ? '1.0' : '1.1');
              const cut = below(5) === 0;
              sent += 1;
              socket.write(cut ? whole.slice(0, -1 - below(20)) : whole);
              if (cut) break;
            }
            if (below(4) === 0) socket.pause();
            setTimeout(() => { if (below(2) === 0) socket.destroy(); else socket.resetAndDestroy(); }, below(60));
          });
          socket.on('error', () => undefined).on('data', () => undefined).on('close', () => { resolve(); });
        });
      }
      await until(() => suite.proxy.gateway.sweeper.size === 0);
      const { exchanges } = suite.proxy;
      expect(faults).to.deep.equal([]);
      expect(exchanges.length).to.be.within(1, sent);
      expect(new Set(exchanges.map(({ requestId }) => requestId))).to.have.property('size', exchanges.length);
      for (const exchange of exchanges) {
        const { totalMs, providerMs = 0, overheadUs, providerErrorCount, errorCount, attempts, endReason, errorType } = exchange;
        expect(providerErrorCount <= attempts && errorCount >= providerErrorCount && totalMs >= 0 && overheadUs >= 0 && providerMs <= totalMs + 0.001, JSON.stringify(exchange)).to.equal(true);
        expect(endReason === 'complete', JSON.stringify(exchange)).to.equal(errorType === undefined);
      }
      expect((await fetch(`${suite.proxy.url}/health`)).status).to.equal(200);
    });
  }
});
