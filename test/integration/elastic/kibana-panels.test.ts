import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { newRequestId } from '../../../src/domain/request-id.js';
import { applyPlan } from '../../../src/elastic/init-apply.js';
import { planInit } from '../../../src/elastic/init-plan.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { at, isObject, listAt, numberAt, objectAt, stringAt, type JsonObject } from '../../../src/elastic/json.js';
import { savedObjects } from '../../../src/elastic/kibana/saved-objects.js';
import { Admin, freshName } from './cluster.js';

const FOLDER = new URL('../../../templates/kibana/equivalents/', import.meta.url);

/** Every field that a saved object names: sources of columns, columns of the search, fields in KQL. */
function fieldsOf(object: unknown): ReadonlySet<string> {
  const found = new Set<string>(listAt(object, 'attributes', 'columns').map(String));
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    const source = stringAt(value, 'sourceField');
    if (source !== undefined && source !== 'Records') found.add(source);
    if (value['language'] === 'kuery') for (const [, field] of String(value['query']).matchAll(/(\w+)\s*[:><]/g)) found.add(field ?? '');
    Object.values(value).forEach(visit);
  };
  visit(at(object, 'attributes', 'state'));
  return found;
}

/** Every value of a `field` in a search body, and of `fields` and `sort`. */
function fieldsOfSearch(body: unknown): ReadonlySet<string> {
  const found = new Set<string>(listAt(body, 'fields').map(String));
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    const field = stringAt(value, 'field');
    if (field !== undefined) found.add(field);
    for (const clause of ['range', 'term']) Object.keys(objectAt(value, clause)).forEach((key) => found.add(key));
    Object.values(value).forEach(visit);
  };
  visit(body);
  return found;
}

describe('the panels for Kibana, asked by hand of a real cluster', () => {
  const admin = new Admin();
  const name = freshName();
  const now = Date.now();
  let records: readonly Readonly<Record<string, unknown>>[] = [];
  const panels = savedObjects(name).filter((object) => object['type'] === 'lens' || object['type'] === 'search');
  const equivalent = (id: string): { body: JsonObject; shows: string[] } => JSON.parse(readFileSync(new URL(`${id}.json`, FOLDER), 'utf8')) as { body: JsonObject; shows: string[] };
  const idOf = (object: unknown): string => (stringAt(object, 'id') ?? '').slice(name.length + 1);

  before(async () => {
    await applyPlan(admin.elastic, await planInit(admin.elastic, { index: name }, { now }));
    const timestamp = new Date(now).toISOString();
    const record = {
      timestamp, provider: 'openai', model: 'gpt-4o', path: '/v1/chat/completions', method: 'POST', stream: true, status_code: 200, total_latency_ms: 900, provider_latency_ms: 880,
      time_to_first_token_ms: 200, overhead_us: 300, input_tokens: 100, output_tokens: 50, total_tokens: 150, cached_tokens: 40, cost: 0.25, error_count: 0, client: 'team-a',
    };
    const others = [
      // The gateway's own error, without the provider's.
      { ...record, provider: 'groq', model: 'lost', status_code: 502, error_count: 1, error_type: 'upstream_connect', end_reason: 'provider', cost: undefined, total_tokens: undefined },
      // A stream that broke is an error without a count.
      { ...record, provider: 'groq', error_count: 0, end_reason: 'provider', cost: 0.5 },
      { ...record, provider: 'groq', status_code: 499, error_count: 1, error_type: 'client_closed', end_reason: 'client', cost: undefined },
      // Unpriced, with many tokens; and without a name of model or client.
      { ...record, total_tokens: 1_000_000, cost: undefined, price_source: undefined },
      { ...record, model: undefined, client: undefined, cost: 0.125 },
      ...Array.from({ length: 12 }, (_, i) => ({ ...record, provider: `provider-${String(i).padStart(2, '0')}`, error_count: 0 })),
      { ...record, provider: 'zz-last', status_code: 500, error_count: 1, provider_error_type: 'server_error', cost: undefined, total_tokens: undefined },
    ];
    const limited = { timestamp, provider: 'openai', model: 'gpt-4o', path: '/v1/chat/completions', method: 'POST', status_code: 429, total_latency_ms: 30, provider_latency_ms: 20, overhead_us: 200, error_count: 1, provider_error_type: 'rate_limit_exceeded' };
    records = [{ ...record, end_reason: 'complete' }, limited, ...others];
    const lines = records.map((each) => {
      const request_id = newRequestId(now);
      return `${JSON.stringify({ create: { _index: `${name}-${utcDate(now)}`, _id: request_id } })}\n${JSON.stringify({ request_id, ...each })}\n`;
    });
    const answer = await admin.elastic.request({ method: 'POST', path: '/_bulk', query: { refresh: 'true' }, body: lines.join('') });
    expect(at(answer.body, 'errors')).to.equal(false);
  });
  after(async () => {
    await admin.drop(name);
    await admin.elastic.close();
  });

  it('have each one equivalent beside them', () => {
    expect(readdirSync(FOLDER).map((file) => file.replace('.json', '')).sort()).to.deep.equal(panels.map(idOf).sort());
  });

  for (const panel of panels) {
    it(`${idOf(panel)}: its fields exist, and its equivalent has data`, async () => {
      const fields = [...fieldsOf(panel)];
      const { body, shows } = equivalent(idOf(panel));
      expect(fields.filter((field) => !fieldsOfSearch(body).has(field)), 'fields that the equivalent does not ask for').to.deep.equal([]);
      if (fields.length > 0) {
        const caps = await admin.must('GET', `/${name}/_field_caps?fields=${fields.join(',')}`);
        for (const field of fields) {
          const types = Object.values(objectAt(caps, 'fields', field));
          expect(types, field).to.have.length(1);
          expect(types[0]).to.include({ searchable: true, aggregatable: true });
        }
      }
      const answer = await admin.must('POST', `/${name}/_search`, body);
      for (const path of shows) {
        const value = at(answer, ...path.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.')));
        expect(value, path).to.be.a('number').that.is.above(0);
      }
    });
  }

  const isAborted = (each: Readonly<Record<string, unknown>>): boolean => each['error_type'] === 'client_closed';
  const isFailed = (each: Readonly<Record<string, unknown>>): boolean => (Number(each['error_count']) > 0 || (each['end_reason'] ?? 'complete') !== 'complete') && !isAborted(each);
  const ask = async (id: string): Promise<unknown> => at(await admin.must('POST', `/${name}/_search`, equivalent(id).body), 'aggregations');

  it('drop no record, whatever it lacks: every split adds up', async () => {
    for (const panel of panels) {
      const id = idOf(panel);
      const wanted = id === 'errors' ? records.filter(isFailed).length : id === 'aborted' ? records.filter(isAborted).length : records.length;
      const aggregations = await ask(id);
      if (JSON.stringify(equivalent(id).body).includes('"terms"')) expect(leaves(aggregations), id).to.equal(wanted);
    }
  });

  it('tell errors from aborted calls, the gateway\'s own errors among them', async () => {
    const rows = listAt(await ask('errors'), 'provider', 'buckets').flatMap((provider) => listAt(provider, 'status', 'buckets').flatMap((status) =>
      listAt(status, 'own', 'buckets').flatMap((own) => listAt(own, 'type', 'buckets').map((type) => [provider, status, own, type].map((bucket) => String(at(bucket, 'key'))).join(' ')))));
    expect(rows.sort()).to.deep.equal([
      'groq 200 (none) (none)', 'groq 502 upstream_connect (none)', 'openai 429 (none) rate_limit_exceeded', 'zz-last 500 (none) server_error',
    ]);
    const rates = listAt(await ask('error-rate'), 'time', 'buckets').flatMap((time) => listAt(time, 'provider', 'buckets'));
    const rate = (provider: string): unknown => {
      const bucket = rates.find((each) => at(each, 'key') === provider);
      return [at(bucket, 'errors', 'doc_count'), at(bucket, 'doc_count')];
    };
    expect(rate('groq')).to.deep.equal([2, 3]);
    expect(rate('zz-last')).to.deep.equal([1, 1]); // the last of more than ten providers
  });

  it('divide the cost by the tokens of priced calls alone', async () => {
    const openai = listAt(await ask('cost-per-thousand-tokens'), 'provider', 'buckets').find((bucket) => at(bucket, 'key') === 'openai');
    const model = listAt(openai, 'model', 'buckets').find((bucket) => at(bucket, 'key') === 'gpt-4o');
    expect([numberAt(model, 'priced', 'cost', 'value'), numberAt(model, 'priced', 'tokens', 'value')]).to.deep.equal([0.25, 150]);
  });

  it('show the cost of calls without a model or a client', async () => {
    const cost = (buckets: readonly unknown[]): unknown => at(buckets.find((bucket) => at(bucket, 'key') === '(none)'), 'cost', 'value');
    expect(cost(listAt(await ask('cost-by-client'), 'client', 'buckets'))).to.equal(0.125);
    expect(cost(listAt(await ask('cost'), 'time', 'buckets').flatMap((time) => listAt(time, 'model', 'buckets')))).to.equal(0.125);
  });
});

/** Documents in the innermost buckets of an answer, with those that the server counted as others. */
function leaves(aggregations: unknown): number {
  const nested = Object.values(objectAt(aggregations)).filter((value) => isObject(value) && Array.isArray(value['buckets']));
  const [first] = nested;
  if (first === undefined) return numberAt(aggregations, 'doc_count') ?? 0;
  return listAt(first, 'buckets').reduce<number>((sum, bucket) => sum + leaves(bucket), 0) + (numberAt(first, 'sum_other_doc_count') ?? 0);
}
