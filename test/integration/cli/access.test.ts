import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { AS_ADMIN } from '../../support/admin-token.js';
import { startUpstream, type ScriptedUpstream } from '../../support/proxy-harness.js';
import { Sandbox } from './gateway-process.js';

const BODY = { method: 'POST', body: '{"model":"m"}' };

// Who may use a gateway that was started as users start it.
describe('access to a gateway', () => {
  let sandbox: Sandbox;
  let upstream: ScriptedUpstream;
  let held: Record<string, string>;
  beforeEach(async () => {
    sandbox = new Sandbox();
    upstream = await startUpstream((_request, response) => response.end('{}'));
    held = { OPENAI_API_KEY: 'sk-ours', OPENAI_BASE_URL: upstream.url };
  });
  afterEach(async () => {
    await sandbox.remove();
    await upstream.close();
  });

  const post = async (url: string, headers: Record<string, string>): Promise<number> =>
    (await fetch(`${url}/v1/chat/completions`, { ...BODY, headers: { 'content-type': 'application/json', ...headers } })).status;
  const localKey = async (env: Record<string, string> = {}): Promise<string> => (await sandbox.run(['keys', 'local'], { env })).stdout.trim();

  for (const workers of ['1', '2']) {
    it(`on loopback the local key uses what it holds, and nobody else does (${workers} processes)`, async () => {
      const gateway = sandbox.start(['serve', '--port', '0', '--workers', workers], { env: held });
      const url = await gateway.listening();
      const key = await localKey();
      expect(key).to.match(/^gw_[0-9A-Za-z]{46}$/);
      expect(gateway.stdout + gateway.stderr).to.not.include(key);
      for (let i = 0; i < 6; i++) {
        expect(await post(url, { 'connection': 'close', 'x-gateway-api-key': key })).to.equal(200);
        expect(await post(url, { 'connection': 'close', 'authorization': `Bearer ${key}` })).to.equal(200);
        expect(await post(url, {})).to.equal(401);
      }
      expect(new Set(upstream.requests.map(({ request }) => request.headers.authorization))).to.deep.equal(new Set(['Bearer sk-ours']));
      for (const name of ['local-key', 'admin-token']) {
        if (existsSync(join(sandbox.telemetryDir, name))) expect(statSync(join(sandbox.telemetryDir, name)).mode & 0o777).to.equal(0o600);
      }
      gateway.child.kill('SIGTERM');
      await gateway.ended;
    });
  }

  it('the local key is the same after a restart, and gone where there are gateway keys or HOST is not loopback', async () => {
    const key = await localKey();
    expect(await localKey()).to.equal(key);
    const gateway = sandbox.start(['serve', '--port', '0'], { env: { ...held, GATEWAY_API_KEYS: 'team:a-key-of-the-team' } });
    const url = await gateway.listening();
    expect(gateway.stdout).to.not.include('Local key');
    expect(await post(url, { 'x-gateway-api-key': key })).to.equal(401);
    expect(await post(url, { 'x-gateway-api-key': 'a-key-of-the-team' })).to.equal(200);
    for (const env of [{ GATEWAY_API_KEYS: 'team:a-key-of-the-team' }, { HOST: '0.0.0.0' }]) {
      const { code, stdout, stderr } = await sandbox.run(['keys', 'local'], { env });
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.include('GATEWAY_API_KEYS');
    }
  });

  it('ALLOW_OPEN lends, and says so on the first screen and in the log', async () => {
    const gateway = sandbox.start(['serve', '--port', '0'], { env: { ...held, ALLOW_OPEN: 'true' } });
    const url = await gateway.listening();
    expect(gateway.stdout).to.match(/Open to +everybody who reaches this address \(ALLOW_OPEN\)\n +Lends +openai \(OPENAI_API_KEY\)/);
    await gateway.prints('stderr', /ALLOW_OPEN.*/);
    expect(await post(url, {})).to.equal(200);
    expect(await post(url, { authorization: 'Bearer gateway' })).to.equal(200);
  });

  it('/metrics is open where HOST is loopback and there are no gateway keys; elsewhere it takes the admin token, never a gateway key', async () => {
    const statusOf = async (url: string, init: RequestInit = {}): Promise<number> => (await fetch(`${url}/metrics`, init)).status;
    const open = sandbox.start(['serve', '--port', '0']);
    expect(await statusOf(await open.listening())).to.equal(200);
    open.child.kill('SIGTERM');
    await open.ended;
    for (const env of [{ GATEWAY_API_KEYS: 'team:a-key-of-the-team' }, { HOST: '0.0.0.0' }] as Record<string, string>[]) {
      const gateway = sandbox.start(['serve', '--port', '0'], { env });
      const url = (await gateway.listening()).replace('0.0.0.0', '127.0.0.1');
      expect(await statusOf(url)).to.equal(401);
      expect(await statusOf(url, { headers: { authorization: 'Bearer a-key-of-the-team', 'x-gateway-api-key': 'a-key-of-the-team' } })).to.equal(401);
      expect(await statusOf(url, AS_ADMIN)).to.equal(200);
      expect(await (await fetch(`${url}/ready`)).json()).to.deep.equal({ status: 'ready' });
      expect(await (await fetch(`${url}/ready`, AS_ADMIN)).json()).to.have.property('log');
      gateway.child.kill('SIGTERM');
      await gateway.ended;
    }
  });

  it('the admin token is made where none is set, or read from a file', async () => {
    const made = sandbox.start(['serve', '--port', '0'], { env: { ADMIN_TOKEN: '' } });
    const url = await made.listening();
    const token = readFileSync(join(sandbox.telemetryDir, 'admin-token'), 'utf8').trim();
    expect(await (await fetch(`${url}/ready`, { headers: { authorization: `Bearer ${token}` } })).json()).to.have.property('log');
    expect(made.stdout + made.stderr).to.not.include(token);
    made.child.kill('SIGTERM');
    await made.ended;
    const file = join(sandbox.folder, 'token');
    writeFileSync(file, 'a-token-from-a-file\n');
    const read = sandbox.start(['serve', '--port', '0'], { env: { ADMIN_TOKEN: '', ADMIN_TOKEN_FILE: file } });
    const other = await read.listening();
    expect(await (await fetch(`${other}/ready`, { headers: { authorization: 'Bearer a-token-from-a-file' } })).json()).to.have.property('log');
    for (const bad of ['short', 'two\nlines-in-one-file']) {
      writeFileSync(file, bad);
      const { code, stderr } = await sandbox.run(['serve', '--port', '0', '--telemetry-dir', join(sandbox.folder, 'other')], { env: { ADMIN_TOKEN: '', ADMIN_TOKEN_FILE: file } });
      expect(code).to.equal(2);
      expect(stderr).to.include('ADMIN_TOKEN_FILE').and.not.include(bad);
    }
  });

  it('no link in TELEMETRY_DIR is followed: what it names stays as it was', async () => {
    await mkdir(sandbox.telemetryDir);
    const victim = join(sandbox.folder, 'victim');
    writeFileSync(victim, 'precious\n', { mode: 0o644 });
    for (const name of ['lock-holder.json', 'instance', 'exporter.json']) symlinkSync(victim, join(sandbox.telemetryDir, name));
    const gateway = sandbox.start(['serve', '--demo', '--port', '0', '--elasticsearch', '--elasticsearch-url', 'http://127.0.0.1:9']);
    await gateway.listening();
    gateway.child.kill('SIGTERM');
    await gateway.ended;
    expect(readFileSync(victim, 'utf8')).to.equal('precious\n');
    for (const name of ['lock', 'local-key']) {
      const dir = join(sandbox.folder, `with-${name}`);
      await mkdir(dir);
      symlinkSync(victim, join(dir, name));
      const { code, stderr } = await sandbox.run(['serve', '--port', '0', '--telemetry-dir', dir]);
      expect(code).to.equal(2);
      expect(stderr).to.include('symbolic link');
    }
    expect([readFileSync(victim, 'utf8'), statSync(victim).mode & 0o777]).to.deep.equal(['precious\n', 0o644]);
  });
});
