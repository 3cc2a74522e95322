import { expect } from 'chai';
import { rawExchange } from '../../support/proxy-harness.js';
import { Sandbox } from './gateway-process.js';

describe('an upgrade behind a pending answer', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  beforeEach(() => { sandbox = new Sandbox(); });
  afterEach(() => sandbox.remove());

  const upgrade = 'GET /x HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';
  const firsts = ['GET /health HTTP/1.1\r\nhost: a\r\n\r\n', 'GET /v1/models HTTP/1.1\r\nhost: a\r\n\r\n', 'GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n'];

  for (const workers of ['1', '2']) {
    it(`ends no process of a locked gateway, without a key (${workers === '1' ? 'one process' : `${workers} workers`})`, async () => {
      const gateway = sandbox.start(['serve', '--port', '0', '--workers', workers], { env: { GATEWAY_API_KEYS: 'team:a-key-of-the-gateway-1', OPENAI_API_KEY: 'sk-x' } });
      const url = new URL((await gateway.prints('stdout', /Listening\s+(http:\S+)/))[1] as string);
      for (const first of [...firsts, ...firsts]) {
        const { text, error } = await rawExchange(Number(url.port), first + upgrade);
        expect(error).to.equal(undefined);
        expect(text.match(/HTTP\/1\.1 \d{3}/g)).to.have.length(2);
      }
      expect((await fetch(new URL('/health', url))).status).to.equal(200);
      gateway.child.kill('SIGTERM');
      const { code, stderr } = await gateway.ended;
      expect(code).to.equal(0);
      expect(stderr).to.not.match(/"level":"(error|warn)"/);
    });
  }
});
