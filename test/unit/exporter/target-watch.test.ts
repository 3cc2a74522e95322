import { expect } from 'chai';
import type { Elastic } from '../../../src/elastic/client.js';
import type { Context } from '../../../src/exporter/context.js';
import { TargetWatch } from '../../../src/exporter/target-watch.js';
import { TIMING } from '../../../src/exporter/timing.js';

describe('the watch on the target', () => {
  let asked: string[] = [];
  let now = 0;
  let connections = 1;
  let isAlias = false;
  const watch = (layout: Context['layout']): TargetWatch => {
    const request: Elastic['request'] = ({ method, path }) => {
      asked.push(`${method} ${path}`);
      const body = path === '/' ? { cluster_uuid: 'a' } : { index_templates: [{ index_template: {} }] };
      return Promise.resolve({ status: method === 'HEAD' && !isAlias ? 404 : 200, body, headers: {}, isJson: true, isElasticsearch: true });
    };
    const elastic: Elastic = { request, close: () => Promise.resolve(), connections: () => connections };
    return new TargetWatch({
      elastic, layout, timing: TIMING, target: { clusterUuid: 'a', index: 'metrics', layout }, config: { index: 'metrics' }, now: () => now,
      signal: new AbortController().signal,
    } as unknown as Context);
  };
  beforeEach(() => {
    asked = [];
    [now, connections, isAlias] = [0, 1, false];
  });

  it('daily: asks for cluster and template once in a while and after a new connection, not before every bulk', async () => {
    const target = watch('daily');
    for (now of [0, 1, TIMING.watchMs - 1]) expect(await target.holds()).to.equal(true);
    expect(asked).to.deep.equal(['GET /', 'GET /_index_template/metrics-template']);
    now = TIMING.watchMs;
    await target.holds();
    expect(asked).to.have.length(4);
    connections++;
    await target.holds();
    expect(asked).to.have.length(6);
  });
  it('single: asks before every bulk only whether NAME has become an alias', async () => {
    const target = watch('single');
    await target.holds();
    asked = [];
    expect(await target.holds()).to.equal(true);
    expect(asked).to.deep.equal(['HEAD /_alias/metrics']);
    isAlias = true;
    expect(await target.holds()).to.equal(false);
  });
});
