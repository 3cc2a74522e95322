import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { LLMock } from '@copilotkit/aimock';
import { expect } from 'chai';
import { Admin, cluster, freshName } from '../integration/elastic/cluster.js';
import { ensureBuilt, GatewayProgram, type RunningGateway } from '../support/built-gateway.js';
import { until } from '../support/proxy-harness.js';
import { makeCalls, PRICES } from './calls.js';
import { expectRecord, type Expectation, type TelemetryRecord } from './expectation.js';
import { ANSWER, CLIENT, CLOSED_PROVIDER, GATEWAY_KEY, PROMPT, PROVIDER_KEY, startStandIn } from './stand-in.js';
import { AS_ADMIN } from '../support/admin-token.js';

interface InitReport { readonly changed: boolean; readonly steps: readonly { readonly id: string; readonly action: string }[] }
interface VerifyReport { readonly ok: boolean; readonly checks: readonly { readonly id: string; readonly status: string; readonly message: string }[] }
interface MetricsReport { readonly source: string; readonly by: readonly string[]; readonly rows: readonly Readonly<Record<string, string | number | null>>[] }

const EXPORT_TIMEOUT_MS = 60_000;
/** Each row is one record, so every percentile is the record's own figure; the cluster's are exact to 0.2 %. */
const ONE_BY_ONE = ['metrics', 'top', '--by', 'request_id,provider', '--limit', 'all'];

describe('the main path, from the SDKs to Elasticsearch', () => {
  const admin = new Admin();
  const index = freshName();
  let standIn: LLMock;
  let program: GatewayProgram;
  let gateway: RunningGateway;
  let expectations: Expectation[] = [];
  let records: TelemetryRecord[] = [];

  before(async () => {
    await ensureBuilt();
    standIn = await startStandIn();
    const { url, username, password } = cluster();
    program = new GatewayProgram({
      OPENAI_BASE_URL: `${standIn.url}/v1`, ANTHROPIC_BASE_URL: standIn.url, GROQ_BASE_URL: standIn.url, [`${CLOSED_PROVIDER.toUpperCase()}_BASE_URL`]: await closedAddress(),
      OPENAI_API_KEY: PROVIDER_KEY, ANTHROPIC_API_KEY: PROVIDER_KEY, GROQ_API_KEY: PROVIDER_KEY, [`${CLOSED_PROVIDER.toUpperCase()}_API_KEY`]: PROVIDER_KEY,
      GATEWAY_API_KEYS: `${CLIENT}:${GATEWAY_KEY}`,
      PRICES_FILE: 'prices.json',
      ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ELASTICSEARCH_INDEX: index,
    });
    writeFileSync(join(program.folder, 'prices.json'), JSON.stringify(PRICES));
  });
  after(async () => {
    program.remove();
    await standIn.stop();
    await admin.drop(index);
    await admin.elastic.close();
  });

  it('es init sets everything up, and changes nothing the second time', async () => {
    const first = await program.json('es', 'init');
    expect(first.code).to.equal(0);
    expect((first.json as InitReport).changed).to.equal(true);
    const second = await program.json('es', 'init');
    expect(second.code).to.equal(0);
    const { changed, steps } = second.json as InitReport;
    expect(changed).to.equal(false);
    expect(steps.length).to.be.greaterThan(0);
    expect(steps.map(({ action }) => action)).to.deep.equal(steps.map(() => 'unchanged'));
  });

  it('carries the calls of the official SDKs', async () => {
    gateway = await program.serve();
    expectations = await makeCalls(gateway.url);
    expect(standIn.getRequests().filter(({ response }) => response.status === 401), 'calls without the provider\'s key').to.deep.equal([]);
  });

  it('leaves one exact record of each in the log', async () => {
    await until(() => readLog(program.telemetryDir).length >= expectations.length);
    records = readLog(program.telemetryDir);
    expect(records.map((record) => record['request_id'])).to.have.members(expectations.map(({ call }) => call.requestId));
    for (const expectation of expectations) expectRecord(recordOf(records, expectation), expectation);
  });

  it('brings each to Elasticsearch once, as it stands in the log', async () => {
    const search = async (): Promise<{ _id: string; _index: string; _source: TelemetryRecord }[]> => {
      const answer = await admin.must('POST', `/${index}/_search?ignore_unavailable=true`, { size: 100, sort: [{ timestamp: 'desc' }] });
      return (answer as { hits: { hits: { _id: string; _index: string; _source: TelemetryRecord }[] } }).hits.hits;
    };
    await until(async () => {
      await admin.ask('POST', `/${index}/_refresh`);
      return (await search()).length >= records.length;
    }, EXPORT_TIMEOUT_MS);
    const hits = await search();
    expect(hits).to.have.length(records.length);
    for (const record of records) {
      const hit = hits.find(({ _id }) => _id === record['request_id']);
      expect(hit?._source).to.deep.equal(record);
      expect(hit?._index).to.equal(`${index}-${String(record['timestamp']).slice(0, 10)}`);
    }
  });

  for (const source of ['local', 'elasticsearch']) {
    it(`shows each through metrics top --source ${source}`, async () => {
      const { code, json } = await program.json(...ONE_BY_ONE, '--source', source);
      expect(code).to.equal(0);
      const report = json as MetricsReport;
      expect(report).to.include({ source }).and.deep.include({ by: ['request_id', 'provider'] });
      expect(report.rows).to.have.length(records.length);
      for (const record of records) expectRow(report.rows.find((row) => row['request_id'] === record['request_id']), record, source === 'local' ? 0 : 0.002);
    });

    it(`sums them up by provider through metrics top --source ${source}`, async () => {
      const { json } = await program.json('metrics', 'top', '--source', source);
      const { rows } = json as MetricsReport;
      const providers = [...new Set(records.map((record) => String(record['provider'])))];
      expect(rows.map((row) => row['provider'])).to.have.members(providers);
      for (const provider of providers) {
        const row = rows.find((one) => one['provider'] === provider) ?? {};
        const its = records.filter((record) => record['provider'] === provider);
        expect(row).to.include({
          requests: its.length, errors: its.filter(isError).length, aborted: its.filter(isAborted).length,
        });
        expect(row).to.include({ input_tokens: sum(its, 'input_tokens'), output_tokens: sum(its, 'output_tokens'), total_tokens: sum(its, 'total_tokens') });
        const cost = sum(its, 'cost');
        if (cost === null) expect(row['cost']).to.equal(null);
        else expect(row['cost']).to.be.closeTo(cost, cost * 1e-6);
      }
    });
  }

  it('es verify finds nothing wrong', async () => {
    const { code, json } = await program.json('es', 'verify');
    const { ok, checks } = json as VerifyReport;
    expect(checks.filter(({ status }) => status === 'fail')).to.deep.equal([]);
    expect({ ok, code }).to.deep.equal({ ok: true, code: 0 });
    expect(checks.length).to.be.greaterThan(10);
  });

  it('is ready, and ends with 0 when it is told to', async () => {
    const ready = await fetch(`${gateway.url}/ready`, AS_ADMIN);
    expect(ready.status).to.equal(200);
    expect(await ready.json()).to.have.nested.property('elasticsearch.backlog_bytes', 0);
    const { code, stdout, stderr } = await gateway.stop();
    expect(code).to.equal(0);
    expect(readLog(program.telemetryDir)).to.deep.equal(records);
    const written = [stdout, stderr, ...segments(program.telemetryDir).map((file) => readFileSync(file, 'utf8'))].join('\n');
    for (const secret of [PROVIDER_KEY, GATEWAY_KEY, PROMPT, ANSWER, cluster().password]) expect(written).not.to.include(secret);
  });
});

function segments(dir: string): string[] {
  return globSync('*.ndjson', { cwd: dir }).map((name) => join(dir, name));
}

function readLog(dir: string): TelemetryRecord[] {
  return segments(dir).flatMap((file) => readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as TelemetryRecord));
}

function recordOf(records: readonly TelemetryRecord[], { call }: Expectation): TelemetryRecord {
  const record = records.find((one) => one['request_id'] === call.requestId);
  if (record === undefined) throw new Error(`no record of ${call.path} (${call.requestId})`);
  return record;
}

/** Calls that their client left are counted apart from errors. */
function isAborted(record: TelemetryRecord): boolean {
  return record['error_type'] === 'client_closed';
}

function isError(record: TelemetryRecord): boolean {
  return !isAborted(record) && (Number(record['error_count']) > 0 || record['end_reason'] !== 'complete');
}

/** Of what is known; null where nothing is. */
function sum(records: readonly TelemetryRecord[], field: string): number | null {
  const known = records.map((record) => record[field]).filter((value) => typeof value === 'number');
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

/** The row of a single record; `tolerance` is the share by which a percentile may be off. */
function expectRow(row: Readonly<Record<string, string | number | null>> | undefined, record: TelemetryRecord, tolerance: number): void {
  const number = (name: string): number | null => typeof record[name] === 'number' ? record[name] : null;
  const latency = Number(record['total_latency_ms']);
  const output = number('output_tokens');
  const error = isError(record) ? 1 : 0;
  expect(row).to.include({
    provider: record['provider'], requests: 1, errors: error, error_rate: error, aborted: isAborted(record) ? 1 : 0,
    latency_mean_ms: latency, provider_latency_mean_ms: number('provider_latency_ms'),
    input_tokens: number('input_tokens'), output_tokens: output, total_tokens: number('total_tokens'),
    tokens_per_second: output === null || latency === 0 ? null : Number((output / latency * 1000).toFixed(3)),
  });
  for (const name of ['latency_p50_ms', 'latency_p95_ms', 'latency_p99_ms']) expect(row?.[name], name).to.be.closeTo(latency, latency * tolerance);
  const cost = number('cost');
  // The index holds a float of 24 bits, and both engines read it as one.
  if (cost === null) expect(row?.['cost']).to.equal(null);
  else expect(row?.['cost']).to.be.closeTo(cost, cost * 1e-6);
}

/** An address at which nobody listens. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${String(port)}`;
}
