import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { newRequestId } from '../../../src/domain/request-id.js';
import { applyPlan } from '../../../src/elastic/init-apply.js';
import { planInit } from '../../../src/elastic/init-plan.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { at, isObject, listAt, objectAt, stringAt } from '../../../src/elastic/json.js';
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
  const panels = savedObjects(name).filter((object) => object['type'] === 'lens' || object['type'] === 'search');
  const idOf = (object: unknown): string => (stringAt(object, 'id') ?? '').slice(name.length + 1);

  before(async () => {
    await applyPlan(admin.elastic, await planInit(admin.elastic, { index: name }, { now }));
    const timestamp = new Date(now).toISOString();
    const record = {
      timestamp, provider: 'openai', model: 'gpt-4o', path: '/v1/chat/completions', method: 'POST', stream: true, status_code: 200, total_latency_ms: 900, provider_latency_ms: 880,
      time_to_first_token_ms: 200, overhead_us: 300, input_tokens: 100, output_tokens: 50, total_tokens: 150, cached_tokens: 40, cost: 0.25, error_count: 0, client: 'team-a',
    };
    const limited = { timestamp, provider: 'openai', model: 'gpt-4o', path: '/v1/chat/completions', method: 'POST', status_code: 429, total_latency_ms: 30, provider_latency_ms: 20, overhead_us: 200, error_count: 1, provider_error_type: 'rate_limit_exceeded' };
    const lines = [record, limited].map((each) => {
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
      const { body, shows } = JSON.parse(readFileSync(new URL(`${idOf(panel)}.json`, FOLDER), 'utf8')) as { body: object; shows: string[] };
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
});
