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

describe('a server without the lifecycle API', () => {
  const admin = new Admin();
  const name = freshName();
  const now = Date.now();
  let server: Server;
  let elastic: Elastic;
  let url = '';

  before(async () => {
    const target = new URL(cluster().url);
    // The real cluster, but for one API, which is refused in the words of a build that lacks the module.
    server = createServer((request, response) => {
      if (request.url?.startsWith('/_ilm/') === true) {
        request.resume();
        response.writeHead(400, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
          .end(JSON.stringify({ error: `no handler found for uri [${request.url}] and method [${request.method ?? ''}]` }));
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
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    elastic = createElastic(configOf({ urls: [url], index: name }));
  });
  after(async () => {
    await elastic.close();
    server.close();
    await admin.drop(name);
    await admin.elastic.close();
  });

  it('gets everything but the policy, and one clear sentence', async () => {
    const plan = await planInit(elastic, { index: name }, { now });
    expect(plan.warnings).to.deep.equal(['this server has no lifecycle API (_ilm), so no policy was made and the template names none: old indices have to be deleted in another way']);
    await applyPlan(elastic, plan);
    const settings = at(await admin.must('GET', `/${name}-${utcDate(now)}/_settings`), `${name}-${utcDate(now)}`, 'settings', 'index');
    expect(settings).not.to.have.property('lifecycle');
    expect((await planInit(elastic, { index: name }, { now })).steps.every((step) => step.action === 'unchanged')).to.equal(true);
  });

  it('is ready for the exporter, and es verify warns only', async () => {
    expect(await ensureObjects(elastic, configOf({ urls: [url], index: name }))).to.have.property('ready', true);
    const config = configOf({ urls: [url], index: name });
    const results = await runChecks({ elastic, config, now: Date.now, timeoutMs: 1000, connect: () => elastic }, { only: ['policy', 'write'] });
    expect(Object.fromEntries(results.map((result) => [result.id, result.status]))).to.deep.equal({ policy: 'warn', write: 'ok' });
  });
});
