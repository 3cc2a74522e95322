import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { METRICS } from '../../../src/report/metrics.js';
import { sampleLines, writeSegment } from './sample-records.js';

const DEV = fileURLToPath(new URL('../../../bin/dev.js', import.meta.url));
const RANGE = ['--since', '2026-11-20', '--until', '2026-11-21'];

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('gateway metrics top', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gateway-top-'));
    await writeSegment(join(dir, 'log'), 1, sampleLines(300, Date.UTC(2026, 10, 20, 7)));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  /** Runs `gateway metrics top …` in a pipe, with nothing in its environment but this. */
  function top(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return new Promise((resolve) => {
      execFile(process.execPath, [DEV, 'metrics', 'top', ...argv], { cwd: dir, env: { PATH: process.env['PATH'] ?? '', HOME: dir, TELEMETRY_DIR: join(dir, 'log'), ...env } },
        (error, stdout, stderr) => { resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }); });
    });
  }

  it('prints a table, without colour in a pipe, and says on stderr where it comes from', async () => {
    const { code, stdout, stderr } = await top(['--by', 'provider', ...RANGE]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/provider +│ requests │ errors │ err % │/).and.to.match(/│ openai +│ +\d+ │/).and.to.not.include('\u001b');
    expect(stderr).to.equal(`Source: the log in ${join(dir, 'log')}.\n`);
  });

  it('prints the fixed JSON and nothing else', async () => {
    const { code, stdout } = await top(['--by', 'provider,model', '--limit', '2', '--json', ...RANGE]);
    expect(code).to.equal(0);
    const report = JSON.parse(stdout) as { rows: Record<string, unknown>[] };
    expect({ ...report, rows: [] }).to.deep.equal({ source: 'local', since: '2026-11-20T00:00:00.000Z', until: '2026-11-21T00:00:00.000Z', by: ['provider', 'model'], rows: [] });
    expect(report.rows).to.have.length(2);
    for (const row of report.rows) expect(Object.keys(row)).to.deep.equal(['provider', 'model', ...METRICS.map(({ name }) => name)]);
  });

  it('prints CSV with a cell that no spreadsheet computes', async () => {
    const { code, stdout } = await top(['--by', 'model', '--filter', 'model==cmd|calc', '--csv', ...RANGE]);
    expect(code).to.equal(0);
    const [head, row, ...rest] = stdout.trimEnd().split('\r\n');
    expect(head).to.match(/^model,requests,errors,/);
    expect(row).to.match(/^"'=cmd\|calc",\d+,/);
    expect(rest).to.deep.equal([]);
  });

  it('writes out control characters that a client has put into a field', async () => {
    const { stdout } = await top(['--by', 'model', '--filter', 'model=tab\there', ...RANGE]);
    expect(stdout).to.include('tab\\x09here');
  });

  it('makes an empty report without complaint, and says on stderr what to do', async () => {
    const { code, stdout, stderr } = await top(['--json', ...RANGE], { TELEMETRY_DIR: join(dir, 'absent') });
    expect(code).to.equal(0);
    expect((JSON.parse(stdout) as { rows: unknown[] }).rows).to.deep.equal([]);
    expect(stderr).to.include('gateway serve');
  });

  it('ends with 2 on wrong use, in words or in JSON', async () => {
    const words = await top(['--by', 'foo']);
    expect(words.code).to.equal(2);
    expect(words.stdout).to.equal('');
    expect(words.stderr).to.include('--by foo').and.to.include('provider, model').and.to.not.include('    at ');
    const json = await top(['--since', 'yesterday', '--json']);
    expect(json.code).to.equal(2);
    expect((JSON.parse(json.stdout) as { error: { code: string } }).error.code).to.equal('bad_flag_value');
    expect((await top(['--source', 'es'])).code).to.equal(2);
    expect((await top(['--csv', '--json'])).code).to.equal(2);
  });

  it('ends with 1 where the cluster does not answer', async () => {
    const { code, stderr } = await top(['--source', 'elasticsearch'], { ELASTICSEARCH_URL: 'http://127.0.0.1:1' });
    expect(code).to.equal(1);
    expect(stderr).to.include('127.0.0.1:1').and.to.not.include('    at ');
  });
});
