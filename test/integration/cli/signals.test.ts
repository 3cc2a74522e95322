import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { until as untilWithin } from '../../support/proxy-harness.js';
import type { GatewayProcess} from './gateway-process.js';
import { Sandbox } from './gateway-process.js';

/** Several processes start from sources, maybe on a busy machine. */
const until = (condition: () => boolean | Promise<boolean>): Promise<void> => untilWithin(condition, 120_000);

describe('signals to gateway serve', function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  let upstream: Server;
  let answers: ServerResponse[];
  beforeEach(async () => {
    sandbox = new Sandbox();
    answers = [];
    upstream = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n');
      answers.push(response);
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
  });
  afterEach(async () => {
    await sandbox.remove();
    upstream.closeAllConnections();
    upstream.close();
  });

  async function start(env: Readonly<Record<string, string>> = {}, ...flags: string[]): Promise<{ gateway: GatewayProcess; url: string }> {
    const { port } = upstream.address() as AddressInfo;
    const gateway = sandbox.start(['serve', '--port', '0', ...flags], { env: { OPENAI_BASE_URL: `http://127.0.0.1:${String(port)}`, ...env } });
    return { gateway, url: await gateway.listening() };
  }
  const stream = (url: string): Promise<Response> => fetch(`${url}/v1/chat/completions`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'authorization': 'Bearer sk-client' }, body: '{"model":"m","stream":true,"messages":[]}',
  });
  /** What a connection of its own is answered; undefined where none is accepted. */
  const ask = async (url: string, path: string): Promise<Response | undefined> => fetch(url + path, { headers: { connection: 'close' } }).catch(() => undefined);

  for (const workers of ['1', '2']) {
    it(`WORKERS=${workers}: SIGHUP and SIGUSR2 end nothing, neither while it serves nor while it drains`, async () => {
      const { gateway, url } = await start({ WORKERS: workers });
      gateway.child.kill('SIGHUP');
      gateway.child.kill('SIGUSR2');
      await gateway.prints('stderr', workers === '1' ? /SIGUSR2 replaces workers, and there are none/ : /the workers have been replaced/);
      const answer = await stream(url);
      await until(() => answers.length === 1);
      gateway.child.kill('SIGTERM');
      await gateway.prints('stderr', /stopping/);
      gateway.child.kill('SIGHUP');
      gateway.child.kill('SIGUSR2');
      answers[0]?.end('data: [DONE]\n\n');
      expect(await answer.text()).to.include('[DONE]');
      const { code, signal } = await gateway.ended;
      expect({ code, signal }).to.deep.equal({ code: 0, signal: null });
    });

    it(`WORKERS=${workers}: /ready is 503 for SHUTDOWN_DELAY while requests are accepted, each on its last connection`, async () => {
      const { gateway, url } = await start({ WORKERS: workers, SHUTDOWN_DELAY: '2s' });
      expect((await ask(url, '/ready'))?.status).to.equal(200);
      gateway.child.kill('SIGTERM');
      await gateway.prints('stderr', /\/ready is 503 now; requests are still accepted/);
      await until(async () => (await ask(url, '/ready'))?.status === 503);
      const answer = await stream(url);
      expect([answer.status, answer.headers.get('connection')]).to.deep.equal([200, 'close']);
      await gateway.prints('stderr', /stopping: no new connections/);
      await until(async () => await ask(url, '/health') === undefined);
      // What runs has SHUTDOWN_TIMEOUT from now on.
      answers[0]?.end('data: [DONE]\n\n');
      expect(await answer.text()).to.include('[DONE]');
      expect((await gateway.ended).code).to.equal(0);
    });
  }

  it('a second SIGTERM ends it within SHUTDOWN_DELAY, too', async () => {
    const { gateway } = await start({ SHUTDOWN_DELAY: '10m' });
    gateway.child.kill('SIGTERM');
    await gateway.prints('stderr', /requests are still accepted/);
    const again = setInterval(() => { gateway.child.kill('SIGTERM'); }, 200);
    expect((await gateway.ended).code).to.equal(143);
    clearInterval(again);
  });

  it('a connection that idles when it stops is closed; one that sends a request before that is answered', async () => {
    const { gateway, url } = await start({ SHUTDOWN_DELAY: '2s' });
    const { port } = new URL(url);
    const idle = connect(Number(port), '127.0.0.1');
    idle.write('GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    await once(idle, 'data');
    gateway.child.kill('SIGTERM');
    await gateway.prints('stderr', /requests are still accepted/);
    idle.write('GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    const [head] = await once(idle, 'data') as [Buffer];
    expect(head.toString()).to.match(/^HTTP\/1\.1 200 /).and.to.match(/\r\nconnection: close\r\n/i);
    await once(idle, 'close');
    expect((await gateway.ended).code).to.equal(0);
  });

  describe('under a foreign cluster manager', () => {
    const PRIMARY = (flags: readonly string[], env: object): string => `
      import cluster from 'node:cluster';
      cluster.setupPrimary({ exec: ${JSON.stringify(new URL('../../../bin/dev.js', import.meta.url).pathname)}, args: ${JSON.stringify(['serve', '--port', '0', ...flags])} });
      cluster.fork(${JSON.stringify(env)}).on('exit', (code) => { process.exit(code); });
      process.on('SIGTERM', () => { for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM'); });`;
    const under = (flags: readonly string[] = [], env = {}): GatewayProcess => {
      const path = join(sandbox.folder, 'manager.mjs');
      writeFileSync(path, PRIMARY(flags, env));
      return sandbox.startProgram([path]);
    };

    it('serves as one process', async () => {
      const gateway = under(['--demo']);
      const url = await gateway.listening();
      expect((await fetch(`${url}/demo/v1/models`)).status).to.be.below(500);
      expect((await fetch(`${url}/metrics`)).status).to.equal(200);
      gateway.child.kill('SIGTERM');
      expect((await gateway.ended).code).to.equal(0);
    });

    it('refuses to start workers of its own, and says how', async () => {
      const { code, stderr } = await under(['--workers', '2']).ended;
      expect(code).to.equal(2);
      expect(stderr).to.match(/^Error: WORKERS=2: this process is a worker of another cluster manager/);
    });

    it('ends where it was told that it is a worker of ours and nobody answers', async () => {
      const { code, stderr } = await under([], { GATEWAY_WORKER_PORT: '0' }).ended;
      expect(code).to.equal(1);
      expect(stderr).to.match(/^Error: the primary process did not answer this worker within 10 s/);
    });
  });
});
