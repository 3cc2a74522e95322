import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { objectNames } from '../../../src/domain/elastic-names.js';
import { RECORD_FIELDS } from '../../../src/domain/record-fields.js';
import { managedObjects } from '../../../src/elastic/managed-objects.js';

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../../../templates/elasticsearch/${file}.json`, import.meta.url), 'utf8'));

describe('the objects that es init makes', () => {
  it('map exactly the fields of a record, name for name and type for type', () => {
    expect(read('mapping')).to.deep.equal({
      dynamic: false,
      properties: Object.fromEntries(RECORD_FIELDS.map((field) => [field.name, { type: field.type }])),
    });
  });

  it('bear the documented names and priority', () => {
    const { names, template } = managedObjects('ai-gateway-metrics', 'daily');
    expect(names).to.deep.equal(objectNames('ai-gateway-metrics'));
    expect(names.policy).to.equal('ai-gateway-metrics-policy');
    expect(names.template).to.equal('ai-gateway-metrics-template');
    expect(template['index_patterns']).to.deep.equal(['ai-gateway-metrics*']);
    expect(template['priority']).to.equal(200 + 'ai-gateway-metrics'.length);
  });

  it('keep the documented settings, with the policy of the same name', () => {
    const { template } = managedObjects('lab', 'daily');
    expect(template['template']).to.have.property('settings').that.deep.equals({
      'index.lifecycle.name': 'lab-policy',
      'index.number_of_shards': 1,
      'index.auto_expand_replicas': '0-1',
      'index.codec': 'best_compression',
      'index.refresh_interval': '5s',
    });
  });

  it('keep records 30 days: nothing in hot, delete after', () => {
    expect(managedObjects('lab', 'daily').policy).to.deep.include({
      phases: { hot: { actions: {} }, delete: { min_age: '30d', actions: { delete: {} } } },
    });
  });

  it('have the alias in the daily layout only', () => {
    expect(managedObjects('lab', 'daily').template['template']).to.have.property('aliases').that.deep.equals({ lab: {} });
    expect(managedObjects('lab', 'single').template['template']).not.to.have.property('aliases');
    expect(managedObjects('lab', 'data-stream').template['template']).not.to.have.property('aliases');
  });

  it('make a data stream with @timestamp and a policy that rolls over every day', () => {
    const { template, policy, mapping } = managedObjects('lab', 'data-stream');
    expect(template['data_stream']).to.deep.equal({});
    expect(mapping['properties']).to.have.property('@timestamp').that.deep.equals({ type: 'date' });
    expect(policy).to.have.nested.property('phases.hot.actions.rollover').that.deep.equals({ max_age: '1d' });
  });

  it('name no policy where the server has no lifecycle API', () => {
    const { template } = managedObjects('lab', 'daily', { lifecycle: false });
    expect(template['template']).to.have.property('settings').that.does.not.have.property('index.lifecycle.name');
  });

  it('carry who manages them, a version and a hash of their content', () => {
    const { template, policy } = managedObjects('lab', 'daily');
    for (const object of [template, policy]) {
      expect(object).to.have.nested.property('_meta.managed_by', 'ai-gateway');
      expect(object).to.have.nested.property('_meta.version', 1);
      expect(object).to.have.nested.property('_meta.hash').that.matches(/^[0-9a-f]{16}$/);
    }
    expect(managedObjects('lab', 'single').template['_meta']).not.to.deep.equal(template['_meta']);
  });
});
