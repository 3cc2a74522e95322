import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newRequestId } from '../../../src/domain/request-id.js';
import { at, listAt } from '../../../src/elastic/json.js';
import { DeadLetters } from '../../../src/telemetry/dead-letters.js';
import { Admin, freshName } from './cluster.js';
import { gateway, gatewayJson } from './gateway-command.js';

const statuses = (json: unknown): Record<string, unknown> => Object.fromEntries(listAt(json, 'checks').map((check) => [String(at(check, 'id')), at(check, 'status')]));

describe('gateway es verify', () => {
  const admin = new Admin();
  const name = freshName();
  const env = { ELASTICSEARCH_INDEX: name };

  before(async () => { expect((await gatewayJson(['es', 'init'], env)).code).to.equal(0); });
  after(async () => {
    await admin.drop(name);
    await admin.elastic.close();
  });

  it('runs every check and reports it in the fixed shape', async () => {
    const { code, json } = await gatewayJson(['es', 'verify', '--canary'], env);
    expect(Object.keys(json)).to.deep.equal(['ok', 'version', 'checks']);
    expect(Object.keys(statuses(json))).to.deep.equal([
      'settings', 'dns', 'tcp', 'tls', 'http', 'elasticsearch', 'authentication', 'version', 'privileges', 'health', 'disk',
      'layout', 'policy', 'template', 'mapping', 'alias', 'blocks', 'write', 'newest', 'exporter', 'clock', 'canary',
    ]);
    for (const check of listAt(json, 'checks')) expect(Object.keys(check as object)).to.deep.equal(['id', 'status', 'message', 'fix', 'duration_ms']);
    expect(json['version']).to.match(/^\d+\.\d+\.\d+/);
    const failed = listAt(json, 'checks').filter((check) => at(check, 'status') === 'fail' && !['disk', 'health'].includes(String(at(check, 'id'))));
    expect(failed).to.deep.equal([]); // other tests of this cluster may leave it red or full for a moment
    expect(code).to.equal(json['ok'] === true ? 0 : 1);
  });

  it('prints a table with what was seen and what fixes it, and exits 1 when a check fails', async () => {
    const { code, stdout, stderr } = await gateway(['es', 'verify', '--only', 'authentication,layout'], { ...env, ELASTICSEARCH_PASSWORD: 'wrong' });
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' });
    expect(stdout).to.match(/│ authentication +│ fail +│ user name or password is wrong for elastic/).and.match(/→ Correct ELASTICSEARCH_USERNAME/);
    expect(stdout).to.match(/^1 check skipped, it needs authentication: layout$/m).and.match(/Not good: 0 ok, 0 warnings, 1 failed, 1 skipped\./).and.not.match(/│ layout/);
    expect(stdout).not.to.include('\u001b');
  });

  it('lets a warning fail with --strict', async () => {
    await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy: { phases: { delete: { min_age: '90d', actions: { delete: {} } } } } });
    const { code, stdout } = await gateway(['es', 'verify', '--only', 'policy'], env);
    expect(code).to.equal(0);
    expect(stdout).to.match(/\nGood: \d+ ok, 1 warning, 0 failed, /);
    const strict = await gatewayJson(['es', 'verify', '--only', 'policy', '--strict'], env);
    expect(strict).to.deep.include({ code: 1 });
    expect(strict.json['ok']).to.equal(false);
  });

  it('fails while records have waited for the exporter too long, and says where', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-verify-'));
    try {
      const timestamp = new Date(Date.now() - 600_000).toISOString();
      writeFileSync(join(folder, '00000001-1-a.ndjson'), `{"request_id":"${newRequestId(Date.now())}","timestamp":"${timestamp}","provider":"openai"}\n`);
      const ask = async (enabled: string): Promise<unknown> => {
        const { json } = await gatewayJson(['es', 'verify', '--only', 'exporter'], { ...env, TELEMETRY_DIR: folder, ENABLE_ELASTICSEARCH: enabled });
        return at(json, 'checks', 0);
      };
      expect(await ask('true')).to.include({ id: 'exporter', status: 'fail' }).with.property('message').that.matches(/\d+ B of the log \(the oldest record is 10 min old\) not exported yet; log in /).and.includes(folder);
      expect(await ask('false')).to.include({ status: 'warn' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('warns of records that were refused for good, and says where each reason stands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-verify-'));
    try {
      const line = Buffer.from(`{"request_id":"${newRequestId(Date.now())}","timestamp":"${new Date().toISOString()}","provider":"openai"}\n`);
      const letters = await DeadLetters.load({ dir: folder, maxBytes: 1_000_000 });
      await letters.add([{ line, index: name, type: 'document_parsing_exception', reason: 'failed to parse' }]);
      const ask = async (...more: string[]): Promise<{ code: number | null; check: unknown }> => {
        const { code, json } = await gatewayJson(['es', 'verify', '--only', 'exporter', ...more], { ...env, TELEMETRY_DIR: folder, ENABLE_ELASTICSEARCH: 'true' });
        return { code, check: at(json, 'checks', 0) };
      };
      const { code, check } = await ask();
      expect(code).to.equal(0);
      expect(check).to.include({ id: 'exporter', status: 'warn' }).with.property('message').that.matches(/^1 record was refused for good; everything in the log is exported/);
      expect(check).to.have.property('fix').that.includes(join(folder, 'dead-letters')).and.matches(/gateway telemetry retry/);
      expect((await ask('--strict')).code).to.equal(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('leaves the write probe out with --no-write', async () => {
    expect(statuses((await gatewayJson(['es', 'verify', '--no-write', '--only', 'write,canary', '--canary'], env)).json)).to.deep.equal({ write: 'skip', canary: 'skip' });
  });

  it('refuses unknown checks, times and names before any request', async () => {
    const nowhere = { ...env, ELASTICSEARCH_URL: 'http://127.0.0.1:1' };
    for (const [argv, words] of [
      [['--only', 'healt'], /--only healt: there is no such check/],
      [['--timeout', 'soon'], /--timeout soon: must be a time/],
      [['--timeout', '0'], /--timeout 0/],
      [['--index', 'Upper'], /ELASTICSEARCH_INDEX=Upper/],
    ] as const) {
      const { code, json } = await gatewayJson(['es', 'verify', ...argv], nowhere);
      expect(code, argv.join(' ')).to.equal(2);
      expect(at(json, 'error', 'message')).to.match(words);
    }
  });

  it('waits for a slow cluster as long as --timeout says', async () => {
    const server = createServer((_, response) => { setTimeout(() => { response.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end('{}'); }, 2000); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const slow = { ...env, ELASTICSEARCH_URL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
    try {
      for (const [timeout, status] of [['100ms', 'fail'], ['60s', 'ok']] as const) expect(statuses((await gatewayJson(['es', 'verify', '--only', 'http', '--timeout', timeout], slow)).json), timeout).to.deep.equal({ http: status });
    } finally {
      server.close();
    }
  });

  it('skips what rests on a dead address, and exits 1', async () => {
    const { code, json } = await gatewayJson(['es', 'verify'], { ...env, ELASTICSEARCH_URL: 'http://127.0.0.1:1' });
    expect(code).to.equal(1);
    const seen = statuses(json);
    expect(seen).to.include({ settings: 'ok', dns: 'ok', tcp: 'fail', tls: 'skip', http: 'skip', elasticsearch: 'skip', newest: 'skip' });
    expect(Object.values(seen).filter((status) => status === 'fail')).to.have.length(1);
    expect(json['version']).to.equal(null);
  });
});
