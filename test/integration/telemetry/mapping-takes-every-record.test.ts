import { expect } from 'chai';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { newRequestId } from '../../../src/domain/request-id.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { elasticsearchUrl, needElasticsearch } from '../../support/elasticsearch/shared.js';
import { FULL, oddExchange, wrongExchange } from '../../unit/telemetry/exchanges.js';

needElasticsearch();

interface BulkItem { readonly create: { readonly status: number; readonly error?: { readonly reason: string } } }

// The contract: no record can be refused by the mapping.
describe('the mapping, on a real server', () => {
  const index = `gwtest-record-${randomBytes(4).toString('hex')}`;
  async function ask(method: string, path: string, body?: string, type = 'application/json'): Promise<Record<string, unknown>> {
    const url = elasticsearchUrl();
    const authorization = `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`;
    const response = await fetch(`${url.origin}${path}`, { method, headers: { authorization, ...(body === undefined ? {} : { 'content-type': type }) }, ...(body === undefined ? {} : { body }) });
    const answer = await response.json() as Record<string, unknown>;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }
  const context = { instance: 'host-abcd', version: '1.2.3' };

  before(async () => {
    const mappings = JSON.parse(await readFile(new URL('../../../templates/elasticsearch/mapping.json', import.meta.url), 'utf8')) as Record<string, unknown>;
    await ask('PUT', `/${index}`, JSON.stringify({ settings: { number_of_shards: 1, number_of_replicas: 0 }, mappings: { ...mappings, dynamic: 'strict' } }));
  });
  after(() => ask('DELETE', `/${index}`));

  for (const [what, arbitrary] of [['odd values', oddExchange], ['values of any type', wrongExchange]] as const) {
    it(`takes a thousand records of ${what}`, async () => {
      const lines = fc.sample(arbitrary, 1_000).map((exchange, i) => {
        const price = i % 2 === 0 ? { cost: [0, 1e-40, 0.05, 3.4e38][(i / 2) % 4] as number, source: 'override' as const, version: 'v' } : undefined;
        return recordLine({ ...exchange, requestId: newRequestId(Date.now()) }, { ...context, price });
      });
      const body = lines.map((line) => `{"create":{"_id":"${(JSON.parse(line) as { request_id: string }).request_id}"}}\n${line}`).join('');
      const answer = await ask('POST', `/${index}/_bulk?refresh=true`, body, 'application/x-ndjson');
      const refused = (answer['items'] as BulkItem[]).filter(({ create }) => create.status !== 201);
      expect(refused.map(({ create }) => create.error?.reason)).to.deep.equal([]);
    });
  }

  it('gives every field of a full record back, each searchable by its exact value', async () => {
    const requestId = newRequestId(Date.now());
    const line = recordLine({ ...FULL, requestId }, { ...context, price: { cost: 0.5, source: 'override', version: 'v' } });
    await ask('PUT', `/${index}/_create/${requestId}?refresh=true`, line.trim());
    const record = JSON.parse(line) as Record<string, unknown>;
    for (const [field, value] of Object.entries(record)) {
      const found = await ask('POST', `/${index}/_count`, JSON.stringify({ query: { bool: { filter: [{ term: { [field]: value } }, { term: { request_id: requestId } }] } } }));
      expect([field, found['count']]).to.deep.equal([field, 1]);
    }
    expect((await ask('GET', `/${index}/_source/${requestId}`))).to.deep.equal(record);
  });
});
