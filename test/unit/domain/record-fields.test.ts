import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { RECORD_FIELDS } from '../../../src/domain/record-fields.js';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The first table of the public contract: names and types that can never change. */
const CONTRACT: Readonly<Record<string, string>> = {
  timestamp: 'date', provider: 'keyword', model: 'keyword', path: 'keyword', method: 'keyword',
  total_latency_ms: 'long', provider_latency_ms: 'long', request_size: 'long', response_size: 'long',
  input_tokens: 'integer', output_tokens: 'integer', total_tokens: 'integer',
  status_code: 'short', provider_status_code: 'short', error_count: 'short', error_type: 'keyword',
  provider_error_count: 'short', provider_error_type: 'keyword', cost: 'float',
};

describe('the fields of a record', () => {
  it('keep the names and types of the contract', () => {
    const types = Object.fromEntries(RECORD_FIELDS.map(({ name, type }) => [name, type]));
    expect(types).to.include(CONTRACT);
    expect(Object.keys(CONTRACT)).to.have.length(19);
  });

  it('stand in docs/record.md, complete and in order', () => {
    const documented = [...read('docs/record.md').matchAll(/^\| `(\w+)` \| (keyword|date|long|integer|short|float|boolean) \| (.+) \|$/gm)]
      .map(([, name, type, description]) => ({ name, type, description }));
    expect(documented).to.deep.equal(RECORD_FIELDS);
  });

  it('are the mapping of the index template, field by field', () => {
    const { properties } = JSON.parse(read('templates/elasticsearch/mapping.json')) as { properties: Record<string, unknown> };
    expect(properties).to.deep.equal(Object.fromEntries(RECORD_FIELDS.map(({ name, type }) => [name, { type }])));
  });
});
