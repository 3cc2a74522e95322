import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../../support/proxy-harness.js';
import { Sandbox, type GatewayProcess } from './gateway-process.js';
import { AS_ADMIN } from '../../support/admin-token.js';

const NOBODY = 65_534;
const AS_ROOT = process.getuid?.() === 0;

describe('gateway serve', () => {
  let sandbox: Sandbox;
  beforeEach(() => { sandbox = new Sandbox(); });
  afterEach(() => sandbox.remove());

  function records(): Record<string, unknown>[] {
    return readdirSync(sandbox.telemetryDir).filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => readFileSync(join(sandbox.telemetryDir, name), 'utf8').split('\n').filter((line) => line !== ''))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  describe('--demo', () => {
    it('answers the request that the first screen suggests, and keeps its record', async () => {
      const gateway = sandbox.start(['serve', '--demo', '--port', '0']);
      const url = await gateway.listening();
      const [, path = '', body = ''] = /curl http:\/\/[^/]+(\S+) -H 'content-type: application\/json' -d '(.*)'/.exec(gateway.stdout) ?? [];
      const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const { choices } = await answer.json() as { choices: { message: { content: string } }[] };
      expect(choices[0]?.message.content).to.include('gateway metrics top');
      expect(records()).to.have.lengthOf(1);
      expect(records()[0]).to.include({ provider: 'demo', model: 'gpt-4o-mini', status_code: 200, end_reason: 'complete' });
      gateway.child.kill('SIGTERM');
      expect((await gateway.ended).code).to.equal(0);
    });
  });

  describe('the first screen', () => {
    it('says where it listens, what it knows, which keys it holds, where records go and what to try', async () => {
      const gateway = sandbox.start(['serve', '--port', '0'], { env: { GROQ_API_KEY: 'gsk-secret', MISTRAL_BASE_URL: 'http://localhost:9/v1' } });
      const url = await gateway.listening();
      expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
      for (const text of [
        /Providers +openai, anthropic/, /Keys +groq \(GROQ_API_KEY, environment\)/, /Base URL +mistral → http:\/\/localhost:9\/v1 \(MISTRAL_BASE_URL, environment\)/,
        /Open to +programs with the local key; others with keys of their own/, /Local key +`TELEMETRY_DIR=\S+ gateway keys local` prints it/, /Elasticsearch +off/,
      ]) expect(gateway.stdout).to.match(text);
      expect(gateway.stdout).to.include(`Records        ${sandbox.telemetryDir}\n`).and.to.include(`TELEMETRY_DIR=${sandbox.telemetryDir} gateway metrics top`);
      expect(gateway.stdout + gateway.stderr).not.to.include('gsk-secret');
    });

    it('warns of a key that would travel in plain words to another machine', async () => {
      const gateway = sandbox.start(['serve', '--port', '0'], { env: { VLLM_API_KEY: 'sk-secret', VLLM_BASE_URL: 'http://gpu.internal:8000/v1' } });
      await gateway.listening();
      expect(gateway.stdout).to.match(/Warning +.*VLLM_BASE_URL/).and.not.include('sk-secret');
    });

    it('needs no environment at all, and says so of keys', async () => {
      const gateway = sandbox.start(['serve', '--port', '0'], { env: { TELEMETRY_DIR: '' } });
      await gateway.listening();
      expect(gateway.stdout).to.match(/Keys +none held: clients send their own/).and.to.include(`Records        ${sandbox.folder}/`);
    });
  });

  describe('HOST and PORT', () => {
    const reaches = (host: string, port: string): Promise<boolean> => new Promise((resolve) => {
      const socket = connect({ host, port: Number(port) }, () => { socket.destroy(); resolve(true); }).once('error', () => { resolve(false); });
    });
    const HAS_IPV6 = Object.values(networkInterfaces()).flat().some((entry) => entry?.address === '::1');

    for (const [host, there, elsewhere] of [
      ['127.0.0.1', ['127.0.0.1'], ['127.0.0.2', '::1']],
      ['0.0.0.0', ['127.0.0.1', '127.0.0.2'], ['::1']],
      ['::1', ['::1'], ['127.0.0.1']],
      ['[::1]', ['::1'], ['127.0.0.1']],
    ] as const) {
      if (host.includes(':') && !HAS_IPV6) continue; // a machine without IPv6 cannot bind it
      it(`${host} is bound, and nothing else`, async () => {
        const gateway = sandbox.start(['serve', '--port', '0'], { env: { HOST: host } });
        const { port, hostname } = new URL(await gateway.listening());
        expect(hostname).to.equal(host === '::1' ? '[::1]' : host);
        for (const address of there) expect(await reaches(address, port), address).to.equal(true);
        for (const address of elsewhere) expect(await reaches(address, port), address).to.equal(false);
      });
    }

    it('PORT is the port, and .env is read where the environment is silent', async () => {
      const free = createServer().listen(0, '127.0.0.1');
      await once(free, 'listening');
      const { port } = free.address() as AddressInfo;
      await new Promise((resolve) => { free.close(resolve); });
      writeFileSync(join(sandbox.folder, '.env'), `PORT=${port}\nHOST=192.0.2.1\n`);
      const gateway = sandbox.start(['serve'], { env: { HOST: '127.0.0.1' } });
      expect(await gateway.listening()).to.equal(`http://127.0.0.1:${port}`);
    });
  });

  describe('the level of its log', () => {
    for (const [env, loud] of [
      [{}, true], [{ RUST_LOG: 'warn' }, false], [{ RUST_LOG: 'info,hyper=warn' }, true], [{ LOG_LEVEL: 'info', RUST_LOG: 'error' }, true], [{ LOG_LEVEL: 'silent', RUST_LOG: 'info' }, false],
    ] as const) {
      it(`${JSON.stringify(env)} ${loud ? 'lets' : 'does not let'} an info line out`, async () => {
        const gateway = sandbox.start(['serve', '--port', '0'], { env });
        await gateway.listening();
        gateway.child.kill('SIGTERM');
        const { code, stderr } = await gateway.ended;
        expect(code).to.equal(0);
        if (loud) expect(stderr).to.match(/^\{"level":"info",.*"msg":"stopped"\}$/m);
        else expect(stderr).to.equal('');
      });
    }
  });

  it('keeps its folder and files to its user', async () => {
    const gateway = sandbox.start(['serve', '--demo', '--port', '0']);
    const url = await gateway.listening();
    await fetch(`${url}/demo/v1/models`);
    expect(statSync(sandbox.telemetryDir).mode & 0o777).to.equal(0o700);
    const entries = readdirSync(sandbox.telemetryDir, { recursive: true, withFileTypes: true });
    expect(entries.map(({ name }) => name)).to.include('lock').and.satisfy((names: string[]) => names.some((name) => name.endsWith('.ndjson')));
    for (const entry of entries) {
      expect(statSync(join(entry.parentPath, entry.name)).mode & 0o777, entry.name).to.equal(entry.isDirectory() ? 0o700 : 0o600);
    }
  });

  describe('TELEMETRY_FSYNC', () => {
    const CALLS = 20;
    const spy = `data:text/javascript,${encodeURIComponent(`
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const { fsync } = fs;
      fs.fsync = (...args) => { process.stderr.write('an fsync\\n'); fsync(...args); };
      syncBuiltinESMExports();`)}`;

    for (const [mode, least, most] of [['always', CALLS, Infinity], ['interval', 1, CALLS - 1], ['never', 0, 0]] as const) {
      it(`${mode} is how often the log is brought to disk`, async () => {
        const gateway = sandbox.start(['serve', '--demo', '--port', '0'], { env: { TELEMETRY_FSYNC: mode, NODE_OPTIONS: `--import ${spy}` } });
        const url = await gateway.listening();
        for (let i = 0; i < CALLS; i++) await (await fetch(`${url}/demo/v1/models`)).text();
        gateway.child.kill('SIGTERM');
        const { code, stderr } = await gateway.ended;
        expect(code).to.equal(0);
        expect(records()).to.have.length(CALLS);
        expect(stderr.split('an fsync\n').length - 1).to.be.within(least, most);
      });
    }
  });

  it('TELEMETRY_RETENTION is how long records stay', async () => {
    mkdirSync(sandbox.telemetryDir);
    const segment = (days: number): string => {
      const path = join(sandbox.telemetryDir, `0000000${days}-999999999-abcdef.ndjson`);
      writeFileSync(path, '{"request_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}\n');
      const at = new Date(Date.now() - days * 86_400_000);
      utimesSync(path, at, at);
      return path;
    };
    const [young, old] = [segment(2), segment(4)];
    const gateway = sandbox.start(['serve', '--port', '0'], { env: { TELEMETRY_RETENTION: '3d' } });
    await gateway.listening();
    await until(() => !existsSync(old));
    expect(existsSync(young)).to.equal(true);
  });

  describe('what it cannot start with is exit 2', () => {
    it('a taken port, with the flag that takes another; nothing is written', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { code, stdout, stderr } = await sandbox.run(['serve', '--port', String(port)]);
      other.close();
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.equal(`Error: PORT=${port}: something listens on 127.0.0.1:${port} already\nFix:   Choose another port with --port (or PORT), or stop the other process.\n`);
      expect(readdirSync(sandbox.folder)).not.to.include('log');
    });

    it('a port that another gateway has, though it has the folder too', async () => {
      const first = sandbox.start(['serve', '--port', '0']);
      const { port } = new URL(await first.listening());
      expect((await sandbox.run(['serve', '--port', port])).stderr).to.match(/^Error: PORT=/);
      expect((await sandbox.run(['serve', '--port', '0'])).stderr).to.match(/^Error: TELEMETRY_DIR .* is in use by another gateway/);
    });

    it('an address that is not this machine\'s', async () => {
      const { code, stderr } = await sandbox.run(['serve', '--host', '192.0.2.1']);
      expect(code).to.equal(2);
      expect(stderr).to.match(/^Error: HOST=192\.0\.2\.1: is not an address of this machine\n/);
    });

    it('a TELEMETRY_DIR that cannot be written', async () => {
      const dir = join(sandbox.folder, 'closed');
      mkdirSync(dir, { mode: 0o555 });
      chmodSync(sandbox.folder, 0o755);
      const { code, stderr } = await sandbox.run(['serve', '--port', '0'], { env: { TELEMETRY_DIR: dir }, ...(AS_ROOT ? { uid: NOBODY } : {}) });
      expect(code).to.equal(2);
      expect(stderr).to.include(`TELEMETRY_DIR ${dir} cannot be written`).and.not.to.match(/\n\s+at /);
    });

    it('a TELEMETRY_DIR that is a file', async () => {
      const file = join(sandbox.folder, 'file');
      writeFileSync(file, '');
      expect((await sandbox.run(['serve', '--port', '0'], { env: { TELEMETRY_DIR: join(file, 'log') } })).code).to.equal(2);
    });

    it('a name that Elasticsearch refuses, where records are to go there', async () => {
      const { code, stderr } = await sandbox.run(['serve', '--port', '0', '--elasticsearch', '--elasticsearch-index', 'Bad']);
      expect(code).to.equal(2);
      expect(stderr).to.match(/^Error: ELASTICSEARCH_INDEX=Bad: must be lower case/);
    });

    it('a base URL that is its own address', async () => {
      const free = createServer().listen(0, '127.0.0.1');
      await once(free, 'listening');
      const { port } = free.address() as AddressInfo;
      await new Promise((resolve) => { free.close(resolve); });
      const { code, stdout, stderr } = await sandbox.run(['serve', '--port', String(port)], { env: { GROQ_BASE_URL: `http://localhost:${port}/v1` } });
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.match(new RegExp(`^Error: GROQ_BASE_URL=http://localhost:${port}/v1: `));
      expect(readdirSync(sandbox.folder)).not.to.include('log');
    });

    for (const [named, env] of [
      ['OPENAI_API_KEY', { OPENAI_API_KEY: 'sk-secret' }],
      ['OLLAMA_BASE_URL', { OLLAMA_BASE_URL: 'http://127.0.0.1:9' }],
      ['VLLM_BASE_URL', { VLLM_BASE_URL: 'http://127.0.0.1:9' }],
      ['lab of CUSTOM_PROVIDERS', { CUSTOM_PROVIDERS: '[{"name":"lab","baseUrl":"http://127.0.0.1:9","dialect":"openai-chat"}]' }],
    ] as const) {
      it(`${named}, which nobody on a whole network may use`, async () => {
        const { code, stderr } = await sandbox.run(['serve', '--port', '0', '--host', '0.0.0.0'], { env });
        expect(code).to.equal(2);
        expect(stderr).to.include(named).and.to.include('--allow-open').and.not.to.include('sk-secret');
      });
    }

    for (const name of ['OPENAI_API_KEY', 'AZURE_OPENAI_API_KEY', 'AWS_BEARER_TOKEN_BEDROCK', 'LAB_API_KEY', 'AWS_SESSION_TOKEN']) {
      it(`${name} with a character that no header can carry`, async () => {
        const env = { [name]: 'sk-se\u200bcret', CUSTOM_PROVIDERS: '[{"name":"lab","baseUrl":"http://127.0.0.1:9","dialect":"openai-chat"}]' };
        const { code, stderr } = await sandbox.run(['serve', '--port', '0'], { env });
        expect(code).to.equal(2);
        expect(stderr).to.match(new RegExp(`^Error: ${name}: character 6 \\(U\\+200B\\)`)).and.not.to.include('cret');
      });
    }

    it('gateway keys that are too short, or stand there twice', async () => {
      for (const [keys, word] of [['a:x', 'at least'], ['a:key-1,a:key-2', 'label a'], ['a:key-1,b:key-1', 'twice']] as const) {
        const { code, stderr } = await sandbox.run(['serve', '--port', '0'], { env: { GATEWAY_API_KEYS: keys } });
        expect(code).to.equal(2);
        expect(stderr).to.include('GATEWAY_API_KEYS').and.to.include(word).and.not.match(/key-[12]/);
      }
    });
  });

  describe('--print-config', () => {
    const env = { OPENAI_API_KEY: 'sk-secret', ELASTICSEARCH_URL: 'https://elastic:secret@es:9200', GATEWAY_API_KEYS: 'alice:secret' };

    it('shows values, their sources and no secret, and starts nothing', async () => {
      writeFileSync(join(sandbox.folder, '.env'), 'SHUTDOWN_TIMEOUT=5s\n');
      const { code, stdout } = await sandbox.run(['serve', '--print-config', '--port', '8080', '--elasticsearch'], { env });
      expect(code).to.equal(0);
      for (const row of [
        /PORT +│ 8080 +│ flag/, /ENABLE_ELASTICSEARCH +│ true +│ flag/, /SHUTDOWN_TIMEOUT +│ 5s +│ \.env/, /HOST +│ 127\.0\.0\.1 +│ default/,
        /OPENAI_API_KEY +│ \*{8} +│ environment/, /GATEWAY_API_KEYS +│ alice:\*{8} +│ environment/, /ELASTICSEARCH_URL +│ https:\/\/\*{8}@es:9200 +│ environment/,
      ]) expect(stdout).to.match(row);
      expect(stdout).not.to.include('secret');
      expect(readdirSync(sandbox.folder)).to.deep.equal(['.env']);
    });

    it('is JSON under --json', async () => {
      const { stdout } = await sandbox.run(['serve', '--print-config', '--json'], { env });
      const { settings } = JSON.parse(stdout) as { settings: { name: string }[] };
      expect(settings.find(({ name }) => name === 'PORT')).to.deep.equal({ name: 'PORT', value: '3000', source: 'default' });
      expect(stdout).not.to.include('secret');
    });
  });

  it('goes on without its cluster, and says so', async () => {
    const gateway = sandbox.start(['serve', '--demo', '--port', '0', '--elasticsearch', '--elasticsearch-url', 'http://127.0.0.1:9']);
    const url = await gateway.listening();
    await gateway.prints('stderr', /export to Elasticsearch waits/);
    expect((await fetch(`${url}/demo/v1/models`)).status).to.be.below(500);
    const ready = async (): Promise<{ status: string; elasticsearch: { enabled: boolean } }> => await (await fetch(`${url}/ready`, AS_ADMIN)).json() as Awaited<ReturnType<typeof ready>>;
    // The thread's next report brings its state here.
    await until(async () => (await ready()).status === 'degraded');
    expect((await ready()).elasticsearch).to.have.property('enabled', true);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
  });

  it('logs a line for each request where asked to, without credentials', async () => {
    const gateway = sandbox.start(['serve', '--demo', '--port', '0', '--log-requests']);
    const url = await gateway.listening();
    await fetch(`${url}/demo/v1/models?key=sk-secret`, { headers: { authorization: 'Bearer sk-secret' } });
    const [line] = await gateway.prints('stderr', /^\{.*"msg":"request"\}$/m);
    expect(JSON.parse(line)).to.include({ level: 'info', provider: 'demo', method: 'GET', path: '/demo/v1/models' });
    expect(gateway.stderr).not.to.include('sk-secret');
  });

  it('logs each model that it cannot price once, and counts the calls', async () => {
    const upstream = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}');
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const gateway = sandbox.start(['serve', '--port', '0'], { env: { OPENAI_BASE_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` } });
    const url = await gateway.listening();
    for (const model of ['nobody-knows', 'gpt-4o', 'nobody-knows', 'me-neither']) {
      const headers = { 'content-type': 'application/json', 'authorization': 'Bearer sk-client' };
      await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify({ model, messages: [] }) })).text();
    }
    gateway.child.kill('SIGTERM');
    const { code, stderr } = await gateway.ended;
    upstream.close();
    expect(code).to.equal(0);
    const lines = stderr.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ msg }) => String(msg).startsWith('no price is known for this model')).map(({ level, provider, model }) => ({ level, provider, model }))).to.deep.equal([
      { level: 'warn', provider: 'openai', model: 'nobody-knows' }, { level: 'warn', provider: 'openai', model: 'me-neither' },
    ]);
    expect(lines.filter(({ calls }) => calls !== undefined).map(({ calls }) => calls)).to.deep.equal([3]);
    expect(records().map(({ model, cost }) => [model, cost])).to.deep.equal([['nobody-knows', undefined], ['gpt-4o', (3 * 2.5 + 4 * 10) / 1e6], ['nobody-knows', undefined], ['me-neither', undefined]]);
  });

  describe('when it is told to stop', () => {
    let upstream: Server;
    let answers: ServerResponse[];
    beforeEach(async () => {
      answers = [];
      upstream = createServer((request, response) => {
        request.resume();
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n');
        answers.push(response);
      }).listen(0, '127.0.0.1');
      await once(upstream, 'listening');
    });
    afterEach(() => {
      upstream.closeAllConnections();
      upstream.close();
    });

    /** A gateway with one stream that has begun. */
    async function streaming(env: Readonly<Record<string, string>> = {}) {
      const { port } = upstream.address() as AddressInfo;
      const gateway = sandbox.start(['serve', '--port', '0'], { env: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, ...env } });
      const url = await gateway.listening();
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST', headers: { 'content-type': 'application/json', 'authorization': 'Bearer sk-client' }, body: '{"model":"m","stream":true,"messages":[]}',
      });
      const reader = answer.body?.getReader();
      if (reader === undefined) throw new Error('no body');
      await reader.read();
      return { gateway, url, reader };
    }

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`${signal} lets the running stream finish, takes nothing new, and is exit 0`, async () => {
        const { gateway, url, reader } = await streaming();
        gateway.child.kill(signal);
        await gateway.prints('stderr', /stopping/);
        const refused: unknown = await fetch(`${url}/health`).catch((error: unknown) => error);
        expect(refused).to.be.an('error');
        answers[0]?.end('data: [DONE]\n\n');
        let rest = '';
        for (let part = await reader.read(); !part.done; part = await reader.read()) rest += Buffer.from(part.value as Uint8Array).toString();
        expect(rest).to.include('[DONE]');
        const { code, signal: killed } = await gateway.ended;
        expect({ code, killed }).to.deep.equal({ code: 0, killed: null });
        expect(records().map(({ end_reason, status_code }) => ({ end_reason, status_code }))).to.deep.equal([{ end_reason: 'complete', status_code: 200 }]);
      });
    }

    it('ends the stream that outlasts SHUTDOWN_TIMEOUT, records it as the gateway\'s end, and is exit 0', async () => {
      const { gateway, reader } = await streaming({ SHUTDOWN_TIMEOUT: '50ms' });
      gateway.child.kill('SIGTERM');
      const broken: unknown = await (async () => {
        for (let part = await reader.read(); !part.done; part = await reader.read());
      })().catch((error: unknown) => error);
      expect(broken).to.be.an('error');
      expect((await gateway.ended).code).to.equal(0);
      expect(records()[0]).to.include({ end_reason: 'gateway', error_type: 'shutting_down' });
    });

    it('drains from the moment that its first screen shows', async () => {
      for (let i = 0; i < 5; i++) {
        const gateway = sandbox.start(['serve', '--port', '0']);
        // Sooner than a promise would tell.
        gateway.child.stdout?.on('data', () => { gateway.child.kill('SIGTERM'); });
        const { code, signal } = await gateway.ended;
        expect({ code, signal }).to.deep.equal({ code: 0, signal: null });
      }
    });

    it('a second signal ends it at once', async () => {
      const { gateway, reader } = await streaming({ SHUTDOWN_TIMEOUT: '0' });
      gateway.child.kill('SIGTERM');
      await gateway.prints('stderr', /stopping/);
      // Two within a second count as one: npm sends Ctrl-C twice.
      const again = setInterval(() => { gateway.child.kill('SIGTERM'); }, 200);
      const { code } = await gateway.ended;
      clearInterval(again);
      expect(code).to.equal(143);
      await reader.cancel().catch(() => undefined);
    });

    for (const [how, end] of [
      ['kill -9', (gateway: GatewayProcess): Promise<void> => { gateway.child.kill('SIGKILL'); return Promise.resolve(); }],
      ['a second signal', async (gateway: GatewayProcess): Promise<void> => {
        gateway.child.kill('SIGTERM');
        await gateway.prints('stderr', /stopping/);
        const again = setInterval(() => { gateway.child.kill('SIGTERM'); }, 200);
        await gateway.ended;
        clearInterval(again);
      }],
    ] as const) {
      it(`${how} loses no record of an answer that was received, and leaves none and no half line of one in flight`, async () => {
        const { gateway, url, reader } = await streaming({ SHUTDOWN_TIMEOUT: '0' });
        const whole = fetch(`${url}/v1/chat/completions`, {
          method: 'POST', headers: { 'content-type': 'application/json', 'authorization': 'Bearer sk-client' }, body: '{"model":"m","stream":true,"messages":[]}',
        });
        await until(() => answers.length === 2);
        answers[1]?.end('data: [DONE]\n\n');
        const received = await whole;
        expect(await received.text()).to.include('[DONE]');
        await end(gateway);
        await gateway.ended;
        const broken: unknown = await (async () => {
          for (let part = await reader.read(); !part.done; part = await reader.read());
        })().catch((error: unknown) => error);
        expect(broken).to.be.an('error');
        const text = readdirSync(sandbox.telemetryDir).filter((name) => name.endsWith('.ndjson')).map((name) => readFileSync(join(sandbox.telemetryDir, name), 'utf8')).join('');
        expect(text.endsWith('\n')).to.equal(true);
        expect(records().map(({ request_id: id }) => id)).to.deep.equal([received.headers.get('x-gateway-request-id')]);
      });
    }
  });
});
