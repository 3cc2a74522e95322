import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AS_ADMIN } from '../../support/admin-token.js';
import { until as untilWithin } from '../../support/proxy-harness.js';
import { Sandbox } from '../cli/gateway-process.js';
import { Admin, cluster, freshName } from '../elastic/cluster.js';

/** Several processes start from sources, maybe on a busy machine. */
const until = (condition: () => boolean | Promise<boolean>): Promise<void> => untilWithin(condition, 120_000);

describe('the credentials of the export', function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  let admin: Admin;
  let index: string;
  beforeEach(() => {
    sandbox = new Sandbox();
    admin = new Admin();
    index = freshName('gwr');
  });
  afterEach(async () => {
    await sandbox.remove();
    await admin.drop(index);
    await admin.elastic.close();
  });

  for (const workers of ['1', '2']) {
    it(`are read from .env again on SIGHUP, with WORKERS=${workers}; no counter falls`, async () => {
      const { url, username, password } = cluster();
      const settings = { ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_INDEX: index, WORKERS: workers };
      const dotenv = (word: string): void => { writeFileSync(join(sandbox.folder, '.env'), `ELASTICSEARCH_PASSWORD=${word}\n`); };
      dotenv('wrong');
      const gateway = sandbox.start(['serve', '--demo', '--port', '0'], { env: settings });
      const address = await gateway.listening();
      const ready = async (): Promise<string> => (await fetch(`${address}/ready`, { headers: { ...AS_ADMIN.headers, connection: 'close' } })).text();
      const bulks = async (): Promise<number> => {
        const text = await (await fetch(`${address}/metrics`, { headers: { connection: 'close' } })).text();
        return Number(/^gateway_export_records_total (\d+)$/m.exec(text)?.[1]);
      };
      await (await fetch(`${address}/demo/v1/models`)).text();
      await until(async () => (await ready()).includes('backing-off') || (await ready()).includes('holding'));
      dotenv(password);
      gateway.child.kill('SIGHUP');
      await gateway.prints('stderr', /the credentials for Elasticsearch have changed/);
      await until(async () => await bulks() === 1);
      // The same again: nothing has changed, and the thread goes on.
      gateway.stderr = '';
      gateway.child.kill('SIGHUP');
      await gateway.prints('stderr', /"msg":"reloaded"/);
      expect(gateway.stderr).not.to.include('have changed');
      expect(await bulks()).to.equal(1);
      gateway.child.kill('SIGTERM');
      expect((await gateway.ended).code).to.equal(0);
      expect(gateway.stdout + gateway.stderr).not.to.include(password);
    });
  }
});
