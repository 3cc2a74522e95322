import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { runChecks } from '../../../src/elastic/checks/run-checks.js';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import { ensureObjects } from '../../../src/elastic/ensure-objects.js';
import { applyPlan } from '../../../src/elastic/init-apply.js';
import { planInit } from '../../../src/elastic/init-plan.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { at } from '../../../src/elastic/json.js';
import { Admin, cluster, configOf, freshName } from './cluster.js';

/** Answers of builds that lack the module behind an API, as they were seen. */
const REFUSALS: readonly { readonly by: string; readonly status: number; readonly error: (path: string, api: string) => unknown }[] = [
  { by: '8 and 9', status: 400, error: (path) => `no handler found for uri [${path}] and method [POST]` },
  { by: '8 and 9, where a longer path exists', status: 405, error: (path) => `Incorrect HTTP method for uri [${path}] and method [GET], allowed: [POST]` },
  { by: '7.17', status: 400, error: (_, api) => ({ root_cause: [{ type: 'invalid_index_name_exception', reason: `Invalid index name [${api}], must not start with '_', '-', or '+'`, index_uuid: '_na_', index: api }], type: 'invalid_index_name_exception', reason: `Invalid index name [${api}]` }) },
  { by: '7.17, reading', status: 404, error: (_, api) => ({ root_cause: [{ type: 'index_not_found_exception', reason: `no such index [${api}]`, index: api }], type: 'index_not_found_exception', reason: `no such index [${api}]` }) },
];

describe('a server that lacks an API', () => {
  const admin = new Admin();
  const now = Date.now();
  const undo: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const each of undo) await each();
    await admin.elastic.close();
  });

  /** The real cluster, but for one API. */
  async function without(api: string, refusal: (typeof REFUSALS)[number]): Promise<{ elastic: Elastic; url: string; name: string }> {
    const target = new URL(cluster().url);
    const server: Server = createServer((request, response) => {
      if (request.url?.startsWith(`/${api}/`) === true) {
        request.resume();
        response.writeHead(refusal.status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
          .end(JSON.stringify({ error: refusal.error(request.url, api), status: refusal.status }));
        return;
      }
      const { host: _, ...headers } = request.headers;
      const upstream = forward({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(upstream);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const name = freshName();
    const elastic = createElastic(configOf({ urls: [url], index: name }));
    undo.push(() => elastic.close(), () => new Promise((resolve) => server.close(resolve)), () => admin.drop(name));
    return { elastic, url, name };
  }

  for (const refusal of REFUSALS) {
    it(`_ilm, in the words of ${refusal.by}: everything but the policy, and one clear sentence`, async () => {
      const { elastic, url, name } = await without('_ilm', refusal);
      const plan = await planInit(elastic, { index: name }, { now });
      expect(plan.warnings).to.deep.equal(['this server has no lifecycle API (_ilm), so no policy was made and the template names none: old indices have to be deleted in another way']);
      await applyPlan(elastic, plan);
      const settings = at(await admin.must('GET', `/${name}-${utcDate(now)}/_settings`), `${name}-${utcDate(now)}`, 'settings', 'index');
      expect(settings).to.have.property('codec');
      expect(settings).not.to.have.property('lifecycle');
      expect((await planInit(elastic, { index: name }, { now })).steps.every((step) => step.action === 'unchanged')).to.equal(true);
      const config = configOf({ urls: [url], index: name });
      expect(await ensureObjects(elastic, config)).to.have.property('ready', true);
      const results = await runChecks({ elastic, config, now: Date.now, timeoutMs: 1000, connect: () => elastic }, { only: ['policy', 'write'] });
      expect(Object.fromEntries(results.map((result) => [result.id, result.status]))).to.deep.equal({ policy: 'warn', write: 'ok' });
    });

    it(`_security, in the words of ${refusal.by}: everything is allowed, and es verify warns`, async () => {
      const { elastic, url, name } = await without('_security', refusal);
      await applyPlan(elastic, await planInit(elastic, { index: name }, { now }));
      const config = configOf({ urls: [url], index: name });
      expect(await ensureObjects(elastic, config)).to.have.property('ready', true);
      const results = await runChecks({ elastic, config, now: Date.now, timeoutMs: 1000, connect: () => elastic }, { only: ['authentication', 'privileges', 'write', 'canary'] });
      expect(Object.fromEntries(results.map((result) => [result.id, result.status]))).to.deep.equal({ authentication: 'warn', privileges: 'skip', write: 'ok', canary: 'ok' });
    });
  }
});
