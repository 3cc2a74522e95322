import { expect } from 'chai';
import { contentHash, standing } from '../../../src/elastic/managed-meta.js';
import { managedObjects } from '../../../src/elastic/managed-objects.js';
import { normalPolicy, normalTemplate } from '../../../src/elastic/normalise.js';

const { policy, template } = managedObjects('ai-gateway-metrics', 'daily');

/** Our template in the words in which a server gives it back. */
const templateAsServed = {
  index_patterns: ['ai-gateway-metrics*'],
  template: {
    settings: { index: { lifecycle: { name: 'ai-gateway-metrics-policy' }, codec: 'best_compression', refresh_interval: '5s', number_of_shards: '1', auto_expand_replicas: '0-1' } },
    mappings: { ...managedObjects('ai-gateway-metrics', 'daily').mapping, dynamic: 'false' },
    aliases: { 'ai-gateway-metrics': {} },
  },
  composed_of: [], priority: 218, _meta: template['_meta'], created_date_millis: 1, modified_date_millis: 2,
};
const policyAsServed = {
  phases: { hot: { min_age: '0ms', actions: {} }, delete: { min_age: '30d', actions: { delete: { delete_searchable_snapshot: true } } } },
  _meta: policy['_meta'],
};

describe('an object on the server is', () => {
  it('absent when it is not there', () => {
    expect(standing(undefined, policy, normalPolicy)).to.equal('absent');
  });

  it('the same in the server\'s own words', () => {
    expect(standing(templateAsServed, template, normalTemplate)).to.equal('same');
    expect(standing(policyAsServed, policy, normalPolicy)).to.equal('same');
  });

  it('the same when somebody wrote it by hand, with another spelling of the time', () => {
    const byHand = { phases: { hot: { actions: {} }, delete: { min_age: '720h', actions: { delete: {} } } } };
    expect(standing(byHand, policy, normalPolicy)).to.equal('same');
  });

  it('edited when its content is not what its own hash says', () => {
    const edited = { ...policyAsServed, phases: { ...policyAsServed.phases, delete: { min_age: '90d', actions: { delete: {} } } } };
    expect(standing(edited, policy, normalPolicy)).to.equal('edited');
  });

  it('edited when it differs and was never ours', () => {
    expect(standing({ ...templateAsServed, priority: 500, _meta: { managed_by: 'someone', version: 1, hash: 'x' } }, template, normalTemplate)).to.equal('edited');
  });

  it('outdated when an older gateway made it and nobody touched it', () => {
    const old = { phases: { delete: { min_age: '7d', actions: { delete: {} } } } };
    const made = { ...old, _meta: { managed_by: 'ai-gateway', version: 0, hash: contentHash(normalPolicy(old)) } };
    expect(standing(made, policy, normalPolicy)).to.equal('outdated');
  });

  it('newer when a newer gateway made it, edited or not', () => {
    expect(standing({ ...policyAsServed, _meta: { managed_by: 'ai-gateway', version: 2, hash: 'whatever' } }, policy, normalPolicy)).to.equal('newer');
  });
});
