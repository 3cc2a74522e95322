import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { parseObjectOptions, recordedOptions } from '../../../src/elastic/init-options.js';
import { managedObjects } from '../../../src/elastic/managed-objects.js';
import { at } from '../../../src/elastic/json.js';

describe('what an administrator chooses about the objects', () => {
  it('reaches policy and template, and is found again in them', () => {
    const options = parseObjectOptions({ retention: '90d', shards: '3', replicas: '2', 'refresh-interval': '-1', codec: 'default' });
    const { policy, template } = managedObjects('lab', 'daily', { options });
    expect(at(policy, 'phases', 'delete', 'min_age')).to.equal('90d');
    expect(at(template, 'template', 'settings')).to.deep.equal({
      'index.lifecycle.name': 'lab-policy', 'index.number_of_shards': 3, 'index.number_of_replicas': 2, 'index.codec': 'default', 'index.refresh_interval': '-1',
    });
    expect({ ...recordedOptions(policy), ...recordedOptions(template) }).to.deep.equal(options);
  });

  it('leaves the documented objects as they are where nothing is chosen', () => {
    const { policy, template } = managedObjects('lab', 'daily', { options: parseObjectOptions({}) });
    expect({ policy, template }).to.deep.equal({ policy: managedObjects('lab', 'daily').policy, template: managedObjects('lab', 'daily').template });
    expect(policy['_meta']).not.to.have.property('options');
  });

  it('keeps the replicas of the template with auto', () => {
    const { template } = managedObjects('lab', 'daily', { options: parseObjectOptions({ replicas: 'auto' }) });
    expect(at(template, 'template', 'settings', 'index.auto_expand_replicas')).to.equal('0-1');
  });

  it('is nothing in an object that is not ours, or was made otherwise', () => {
    for (const object of [undefined, {}, { _meta: { options: 'x' } }, { _meta: { options: { shards: '3', replicas: 'many', codec: 'zip', retention: 5 } } }]) {
      expect(recordedOptions(object)).to.deep.equal({});
    }
  });

  for (const [flag, good, bad] of [
    ['retention', ['1d', '30d', '720h'], ['0d', '30', 'd', '-1d', '30 d', '1y']],
    ['shards', ['1', '1024'], ['0', '1025', '1.5', 'two', '']],
    ['replicas', ['0', '100', 'auto'], ['-1', '101']],
    ['refresh-interval', ['5s', '500ms', '-1'], ['0s', '5', '-2']],
    ['codec', ['default', 'best_compression'], ['lz4', 'DEFAULT']],
  ] as const) {
    it(`--${flag} is checked`, () => {
      for (const value of good) expect(() => parseObjectOptions({ [flag]: value }), value).not.to.throw();
      for (const value of bad) expect(() => parseObjectOptions({ [flag]: value }), value).to.throw(Failure, `--${flag} ${value}: must be`);
    });
  }
});
