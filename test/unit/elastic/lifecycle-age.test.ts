import { expect } from 'chai';
import type { Elastic } from '../../../src/elastic/client.js';
import { Failure } from '../../../src/domain/failure.js';
import { deletionAge, isPastAge, mayBeDeleted } from '../../../src/elastic/lifecycle-age.js';

const DAY = 24 * 3_600_000;
const TEMPLATE = '/_index_template/metrics-template';

describe('the age at which the lifecycle deletes', () => {
  const cluster = (answers: Readonly<Record<string, readonly [number, object]>>): Elastic => ({
    request: ({ path }) => {
      const [status, body] = answers[path] ?? [404, {}];
      return Promise.resolve({ status, body, headers: {}, isJson: true, isElasticsearch: true });
    },
    close: () => Promise.resolve(),
  });
  const template = (settings: object, more: object = {}): readonly [number, object] =>
    [200, { index_templates: [{ index_template: { template: { settings, ...more } } }] }];
  const policy = (phases: object): readonly [number, object] => [200, { mine: { policy: { phases } } }];
  const named = template({ index: { lifecycle: { name: 'mine' } } });

  const ages: readonly [string, Readonly<Record<string, readonly [number, object]>>, number | undefined][] = [
    ['of the policy that the template names', { [TEMPLATE]: named, '/_ilm/policy/mine': policy({ delete: { min_age: '7d', actions: { delete: {} } } }) }, 7 * DAY],
    ['none without a delete phase', { [TEMPLATE]: named, '/_ilm/policy/mine': policy({ hot: {} }) }, undefined],
    ['none where the policy may not be read', { [TEMPLATE]: named, '/_ilm/policy/mine': [403, {}] }, undefined],
    ['none without a template', {}, undefined],
    ['of a data stream\'s own lifecycle', { [TEMPLATE]: template({}, { lifecycle: { data_retention: '14d' } }) }, 14 * DAY],
  ];
  for (const [what, answers, age] of ages) {
    it(what, async () => { expect(await deletionAge(cluster(answers), 'metrics')).to.equal(age); });
  }
  for (const path of [TEMPLATE, '/_ilm/policy/mine']) {
    it(`is not "never" where the cluster is too busy to answer GET ${path}`, async () => {
      const busy = { [TEMPLATE]: named, [path]: [503, { error: { type: 'busy', reason: 'busy' } }] as const };
      const error = await deletionAge(cluster(busy), 'metrics').catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Failure).and.have.property('code', 'es_unavailable');
    });
  }
  it('a day may be deleted once its first moment is that old, and is past it a day later', () => {
    const now = Date.parse('2026-11-27T00:00:00Z');
    expect([mayBeDeleted('2026-11-20', 7 * DAY, now), mayBeDeleted('2026-11-20', 7 * DAY, now - 1)]).to.deep.equal([true, false]);
    expect([isPastAge('2026-11-19', 7 * DAY, now), isPastAge('2026-11-20', 7 * DAY, now)]).to.deep.equal([true, false]);
    expect([mayBeDeleted('1970-01-01', undefined, now), isPastAge('1970-01-01', undefined, now)]).to.deep.equal([false, false]);
  });
});
