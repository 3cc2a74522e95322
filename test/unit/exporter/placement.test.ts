import { expect } from 'chai';
import { ElasticUnreachable, type Elastic } from '../../../src/elastic/client.js';
import { Placement } from '../../../src/exporter/placement.js';

const DAY = 'ai-gateway-metrics-2026-11-20';
const ITEM = { status: 201, type: '', reason: '', index: `shrink-ab12-${DAY}` };

describe('where documents are', () => {
  const placement = (...answers: readonly (readonly [number, object])[]): Placement => {
    const left = [...answers];
    const request: Elastic['request'] = () => {
      const [status, body] = left.shift() ?? [500, {}];
      return Promise.resolve({ status, body, headers: {}, isJson: true, isElasticsearch: true });
    };
    return new Placement({ request, close: () => Promise.resolve() }, 'daily', 'ai-gateway-metrics');
  };

  it('an index behind the alias of its day is the right place', async () => {
    const places = placement([200, { [ITEM.index]: { aliases: { [DAY]: {} } } }]);
    await places.learn(DAY, [ITEM]);
    expect(places.fault(DAY, ITEM, 'id')).to.equal(undefined);
  });
  it('an index that is behind no alias of that name is the work of a pipeline', async () => {
    const places = placement([404, { error: `alias [${DAY}] missing`, status: 404 }]);
    await places.learn(DAY, [ITEM]);
    expect(places.fault(DAY, ITEM, 'id')).to.include('an ingest pipeline');
  });
  for (const status of [429, 503]) {
    it(`HTTP ${String(status)} says nothing about the alias: it is asked for again`, async () => {
      const places = placement([status, { error: { type: 'busy', reason: 'busy' } }], [200, { [ITEM.index]: { aliases: { [DAY]: {} } } }]);
      const error = await places.learn(DAY, [ITEM]).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ElasticUnreachable);
      await places.learn(DAY, [ITEM]);
      expect(places.fault(DAY, ITEM, 'id')).to.equal(undefined);
    });
  }
});
