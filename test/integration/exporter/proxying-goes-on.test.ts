import { expect } from 'chai';
import { FaultProxy } from '../../support/fault-proxy.js';
import { until } from '../../support/proxy-harness.js';
import { Sandbox } from '../cli/gateway-process.js';
import { Admin, cluster, freshName } from '../elastic/cluster.js';

const BODY = '{"model":"m","messages":[{"role":"user","content":"Hello"}]}';

// What a call waits for is seen from what is there when it ends: no clock is asked.
describe('proxying while Elasticsearch answers nothing', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let admin: Admin;
  let proxy: FaultProxy;
  let index: string;

  beforeEach(async () => {
    sandbox = new Sandbox();
    admin = new Admin();
    index = freshName('gwx');
    proxy = await FaultProxy.start(cluster().url);
  });
  afterEach(async () => {
    await sandbox.remove();
    await proxy.stop();
    await admin.drop(index);
    await admin.elastic.close();
  });

  for (const workers of [1, 2]) {
    it(`no call waits for it, with ${String(workers)} ${workers === 1 ? 'process' : 'workers'}; all records arrive afterwards`, async () => {
      const { username, password } = cluster();
      const gateway = sandbox.start(['serve', '--port', '0', '--demo', '--workers', String(workers)], {
        env: { ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: proxy.url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ELASTICSEARCH_INDEX: index },
      });
      const url = await gateway.listening();
      const call = async (): Promise<number> => {
        const answer = await fetch(`${url}/demo/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY });
        await answer.text();
        return answer.status;
      };
      // Asked past the fault.
      const documents = async (): Promise<number> => {
        const target = encodeURIComponent(`${index}*`);
        await admin.elastic.request({ method: 'POST', path: `/${target}/_refresh`, query: { ignore_unavailable: 'true' } });
        const { body } = await admin.elastic.request({ method: 'GET', path: `/${target}/_count`, query: { ignore_unavailable: 'true', allow_no_indices: 'true' } });
        return (body as { count?: number }).count ?? 0;
      };
      expect(await call()).to.equal(200);
      await until(async () => await documents() === 1);
      proxy.set({ kind: 'black-hole' }, true);
      for (let i = 0; i < 200; i++) expect(await call()).to.equal(200);
      expect(await documents()).to.equal(1);
      proxy.set({ kind: 'none' }, true);
      await until(async () => await documents() === 201);
      gateway.child.kill('SIGTERM');
      expect((await gateway.ended).code).to.equal(0);
    });
  }
});
