import { expect } from 'chai';
import type { Server } from '../../support/elasticsearch/server.js';
import { ownServer } from '../../support/own-server.js';
import { needElasticsearch } from '../../support/elasticsearch/shared.js';
import { sleep, type ExportHarness } from './harness.js';
import { harnessOn } from './harness-on.js';

needElasticsearch();

describe('export to three nodes', function () {
  this.timeout(420_000);
  let server: Server;
  let harness: ExportHarness;

  before(async () => { server = await ownServer({}, 3); });
  after(() => server.stop());
  beforeEach(async () => { harness = await harnessOn(server); });
  afterEach(() => harness.dispose());

  /** Which node is the master, asked of one that lives. */
  const master = async (): Promise<number> => {
    const answer = await harness.must('GET', '/_nodes/_master/http') as { nodes: Record<string, { http: { publish_address: string } }> };
    const port = Object.values(answer.nodes)[0]?.http.publish_address.split(':').at(-1);
    const found = server.urls.findIndex((url) => new URL(url).port === port);
    if (found === -1) throw new Error(`no node at port ${String(port)}`);
    return found;
  };
  const green = (): Promise<unknown> => harness.must('GET', `/_cluster/health/${harness.index}*?wait_for_status=green&timeout=60s`);
  /** Writes all the while `work` runs. */
  const underLoad = async (work: () => Promise<void>): Promise<void> => {
    const stop = new AbortController();
    const load = (async () => {
      while (!stop.signal.aborted) {
        await harness.write(20);
        await sleep(20);
      }
    })();
    try {
      await work();
    } finally {
      stop.abort();
      await load;
    }
  };

  it('loses nothing with a node, with the master, and with the majority', async () => {
    await harness.start({ timing: { bulkTimeoutMs: 20_000 } });
    await harness.write(10);
    await harness.drained();
    await green();
    await underLoad(async () => {
      const first = (await master() + 1) % 3;
      await server.kill(first);
      await sleep(2_000);
      await server.start();
      await green();

      await server.kill(await master());
      await sleep(2_000);
      await server.start();
      await green();

      const lead = await master();
      await server.kill(lead);
      await server.kill((lead + 1) % 3);
      await harness.until('noticed', ({ state }) => state === 'backing-off');
      await sleep(2_000);
      await server.start();
    });
    await harness.drained();
    expect(await harness.ids()).to.deep.equal([...harness.written].sort());
  });
});
