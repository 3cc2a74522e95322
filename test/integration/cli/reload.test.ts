import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { AS_ADMIN } from '../../support/admin-token.js';
import { until as untilWithin } from '../../support/proxy-harness.js';
import { Sandbox, type GatewayProcess } from './gateway-process.js';

const GONE = 'sk-provider-one';
const NEW = 'sk-provider-two';

/** Several processes start from sources, maybe on a busy machine. */
const until = (condition: () => boolean | Promise<boolean>): Promise<void> => untilWithin(condition, 120_000);

describe('what gateway serve reads again', function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  let upstream: Server;
  /** What the provider was last sent as its key. */
  let received: string | undefined;
  beforeEach(async () => {
    sandbox = new Sandbox();
    upstream = createServer((request, response) => {
      received = request.headers.authorization;
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' })
        .end('{"model":"lab-model","choices":[],"usage":{"prompt_tokens":1000000,"completion_tokens":0,"total_tokens":1000000}}');
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
  });
  afterEach(async () => {
    await sandbox.remove();
    upstream.closeAllConnections();
    upstream.close();
  });

  const file = (name: string): string => join(sandbox.folder, name);
  async function start(env: Readonly<Record<string, string>> = {}): Promise<{ gateway: GatewayProcess; url: string }> {
    const { port } = upstream.address() as AddressInfo;
    const gateway = sandbox.start(['serve', '--port', '0'], { env: { OPENAI_BASE_URL: `http://127.0.0.1:${String(port)}`, ...env } });
    return { gateway, url: await gateway.listening() };
  }
  /** The status that a caller with a gateway key gets, over a connection of its own: whichever worker takes it. */
  const call = async (url: string, key: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'x-gateway-api-key': key, 'connection': 'close' };
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: '{"model":"lab-model","messages":[]}' });
    await answer.text();
    return answer.status;
  };
  /** The same from enough callers to reach each worker. */
  const calls = async (url: string, key: string): Promise<number[]> => [...new Set(await Promise.all(Array.from({ length: 6 }, () => call(url, key))))];

  for (const workers of ['1', '2']) {
    describe(`with WORKERS=${workers}`, () => {
      const env = (): Record<string, string> => ({ WORKERS: workers, GATEWAY_API_KEYS_FILE: file('keys'), OPENAI_API_KEY_FILE: file('openai') });
      beforeEach(() => {
        writeFileSync(file('keys'), '# who may use it\nteam-a:key-of-team-a-0001\nteam-b:key-of-team-b-0001\n');
        writeFileSync(file('openai'), `${GONE}\n`);
      });

      it('files of keys when they change: for each worker, new ones included, and without a word of a key', async () => {
        const { gateway, url } = await start(env());
        expect(await calls(url, 'key-of-team-a-0001')).to.deep.equal([200]);
        expect(received).to.equal(`Bearer ${GONE}`);
        writeFileSync(file('keys'), 'team-b:key-of-team-b-0002');
        writeFileSync(file('openai'), NEW);
        await until(async () => await call(url, 'key-of-team-b-0002') === 200);
        await until(async () => { await call(url, 'key-of-team-b-0002'); return received === `Bearer ${NEW}`; });
        for (const key of ['key-of-team-a-0001', 'key-of-team-b-0001']) expect(await calls(url, key)).to.deep.equal([401]);
        expect(await calls(url, 'key-of-team-b-0002')).to.deep.equal([200]);
        if (workers !== '1') {
          gateway.child.kill('SIGUSR2');
          await gateway.prints('stderr', /the workers have been replaced/);
          expect(await calls(url, 'key-of-team-b-0002')).to.deep.equal([200]);
          expect(await calls(url, 'key-of-team-a-0001')).to.deep.equal([401]);
        }
        for (const secret of ['key-of-team', GONE, NEW]) expect(gateway.stdout + gateway.stderr).not.to.include(secret);
      });

      it('a file that vanishes, is empty or holds nonsense changes nothing, and says so until it is right again', async () => {
        const { gateway, url } = await start(env());
        const reasons = async (): Promise<string> => (await (await fetch(`${url}/ready`, { headers: { 'connection': 'close', ...AS_ADMIN.headers } })).text());
        for (const [spoil, said] of [
          [() => { rmSync(file('keys')); }, /GATEWAY_API_KEYS_FILE=\S+keys: cannot be read \(ENOENT\)/],
          [() => { writeFileSync(file('keys'), ''); }, /GATEWAY_API_KEYS_FILE=\S+keys: is empty/],
          [() => { writeFileSync(file('keys'), 'key-of-nobody'); }, /GATEWAY_API_KEYS_FILE=\S+keys: entry 1 must be label:key/],
          [() => { writeFileSync(file('openai'), 'sk one\nsk-two'); }, /OPENAI_API_KEY_FILE=\S+openai: must hold one key/],
        ] as const) {
          gateway.stderr = '';
          spoil();
          await gateway.prints('stderr', said);
          await until(async () => (await reasons()).includes('status'));
          expect(await calls(url, 'key-of-team-a-0001')).to.deep.equal([200]);
          expect(received).to.equal(`Bearer ${GONE}`);
          writeFileSync(file('keys'), 'team-a:key-of-team-a-0001\nteam-b:key-of-team-b-0001\n');
          writeFileSync(file('openai'), GONE);
          await gateway.prints('stderr', /the files of secrets can be used again/);
        }
        expect(gateway.stderr).not.to.include('key-of-nobody');
        expect((await fetch(`${url}/ready`)).status).to.equal(200);
      });

      it('the log level, prices and keys on SIGHUP, from .env as well', async () => {
        writeFileSync(file('.env'), 'LOG_LEVEL=info\nPRICES_FILE=prices.yaml\nGATEWAY_API_KEYS=team-a:key-of-team-a-0001\n');
        writeFileSync(file('prices.yaml'), 'prices:\n  - { provider: openai, model: lab-model, input: 1, output: 1 }\n');
        const { gateway, url } = await start({ WORKERS: workers, OPENAI_API_KEY: GONE });
        expect(await calls(url, 'key-of-team-a-0001')).to.deep.equal([200]);
        writeFileSync(file('.env'), 'LOG_LEVEL=debug\nPRICES_FILE=nowhere.yaml\nGATEWAY_API_KEYS=team-a:key-of-team-a-0002\n');
        gateway.child.kill('SIGHUP');
        await gateway.prints('stderr', /nowhere\.yaml.*the configuration was not reloaded: nothing has changed/);
        expect(await calls(url, 'key-of-team-a-0001'), 'nothing of it is in force').to.deep.equal([200]);
        writeFileSync(file('.env'), 'LOG_LEVEL=debug\nPRICES_FILE=prices.yaml\nGATEWAY_API_KEYS=team-a:key-of-team-a-0002\n');
        gateway.child.kill('SIGHUP');
        await gateway.prints('stderr', /"changed":\["gateway keys","log level"\],.*"msg":"reloaded"/);
        await until(async () => (await calls(url, 'key-of-team-a-0002')).join() === '200');
        expect(await calls(url, 'key-of-team-a-0001')).to.deep.equal([401]);
        const costs = (): unknown[] => readdirSync(sandbox.telemetryDir).filter((name) => name.endsWith('.ndjson'))
          .flatMap((name) => readFileSync(join(sandbox.telemetryDir, name), 'utf8').split('\n').filter((line) => line !== ''))
          .map((line) => (JSON.parse(line) as { cost?: unknown }).cost);
        expect(costs()).to.include(1).and.not.to.include(2);
        writeFileSync(file('prices.yaml'), 'prices:\n  - { provider: openai, model: lab-model, input: 2, output: 1 }\n');
        gateway.child.kill('SIGHUP');
        await until(async () => { await call(url, 'key-of-team-a-0002'); return costs().includes(2); });
        writeFileSync(file('.env'), 'LOG_LEVEL=debug\n');
        gateway.child.kill('SIGHUP');
        await gateway.prints('stderr', /no key is left, which would open the gateway/);
        expect(await calls(url, 'key-of-team-a-0001')).to.deep.equal([401]);
      });
    });
  }

  it('a mounted secret of Kubernetes: a link to a folder that is replaced', async () => {
    for (const [name, key] of [['one', 'key-of-team-a-0001'], ['two', 'key-of-team-a-0002']] as const) {
      mkdirSync(file(name));
      writeFileSync(join(file(name), 'keys'), `team-a:${key}`);
    }
    symlinkSync('one', file('..data'));
    symlinkSync('..data/keys', file('keys'));
    const { url } = await start({ GATEWAY_API_KEYS_FILE: 'keys', OPENAI_API_KEY: GONE });
    expect(await call(url, 'key-of-team-a-0001')).to.equal(200);
    symlinkSync('two', file('..data_tmp'));
    renameSync(file('..data_tmp'), file('..data'));
    await until(async () => await call(url, 'key-of-team-a-0002') === 200);
    expect(await call(url, 'key-of-team-a-0001')).to.equal(401);
  });

  it('a file that cannot be used at the start is exit 2', async () => {
    for (const workers of ['1', '2']) {
      const { code, stderr } = await sandbox.run(['serve', '--port', '0', '--workers', workers], { env: { GROQ_API_KEY_FILE: file('nowhere') } });
      expect(code).to.equal(2);
      expect(stderr).to.match(/^Error: GROQ_API_KEY_FILE=\S+nowhere: cannot be read \(ENOENT\)\nFix: {3}Correct the path/);
    }
  });
});
