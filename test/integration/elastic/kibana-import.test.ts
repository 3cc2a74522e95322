import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { at } from '../../../src/elastic/json.js';
import { savedObjects } from '../../../src/elastic/kibana/saved-objects.js';
import { cluster } from './cluster.js';
import { gateway, gatewayJson } from './gateway-command.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/* No Kibana is at hand: what it makes of the objects is not run here; see docs/kibana.md. The call itself is. */
describe('gateway kibana import', () => {
  const servers: Server[] = [];
  after(() => { for (const server of servers) server.close(); });

  const listening = async (status: number, answer: unknown, headers: Record<string, string> = { 'kbn-name': 'kibana' }): Promise<{ url: string; seen: Seen[] }> => {
    const seen: Seen[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => { body += chunk.toString(); }).once('end', () => {
        seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, seen };
  };
  const env = { ELASTICSEARCH_INDEX: 'lab', ELASTICSEARCH_USERNAME: 'ann', ELASTICSEARCH_PASSWORD: 'secret' };

  it('is one call, with a file of one object a line', async () => {
    const { url, seen } = await listening(200, { success: true, successCount: 22 });
    const { code, json } = await gatewayJson(['kibana', 'import', '--url', `${url}/base`, '--space', 'ai team'], env);
    expect(code).to.equal(0);
    expect(json).to.deep.equal({ imported: 22, dashboard: 'lab-overview' });
    expect(seen).to.have.length(1);
    const { method, url: path, headers, body } = seen[0] as Seen;
    expect({ method, path }).to.deep.equal({ method: 'POST', path: '/base/s/ai%20team/api/saved_objects/_import?overwrite=true' });
    expect(headers['kbn-xsrf']).to.equal('true');
    expect(headers.authorization).to.equal(`Basic ${Buffer.from('ann:secret').toString('base64')}`);
    const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1] ?? '';
    const [before, part = '', end] = body.split(`--${boundary}`);
    expect([before, end]).to.deep.equal(['', '--\r\n']);
    const [head = '', file = ''] = part.split('\r\n\r\n');
    expect(head).to.match(/Content-Disposition: form-data; name="file"; filename="[\w-]+\.ndjson"/);
    const lines = file.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
    expect(lines).to.deep.equal(JSON.parse(JSON.stringify(savedObjects('lab'))));
  });

  it('refuses to replace with --no-overwrite, and says what conflicts', async () => {
    const { url, seen } = await listening(200, { success: false, successCount: 20, errors: [{ type: 'dashboard', id: 'lab-overview', error: { type: 'conflict' } }] });
    const { code, json } = await gatewayJson(['kibana', 'import', '--url', url, '--no-overwrite'], env);
    expect(code).to.equal(1);
    expect(seen[0]?.url).to.match(/overwrite=false$/);
    expect(at(json, 'error', 'message')).to.match(/refused 1: dashboard lab-overview: conflict/);
  });

  for (const [what, status, answer, headers, code] of [
    ['wrong credentials', 401, { statusCode: 401, message: 'Unauthorized' }, { 'kbn-name': 'k' }, 'kibana_unauthorized'],
    ['a missing privilege', 403, { statusCode: 403, message: 'Unable to bulk_create' }, { 'kbn-name': 'k' }, 'kibana_forbidden'],
    ['an older Kibana', 422, { statusCode: 422, message: 'belongs to a more recent version' }, { 'kbn-name': 'k' }, 'kibana_too_old'],
    ['a space that is not there', 404, { statusCode: 404, message: 'Not Found' }, { 'kbn-name': 'k' }, 'kibana_import_failed'],
    ['a web page', 200, '<html></html>', { 'content-type': 'text/html' }, 'not_kibana'],
  ] as const) {
    it(`tells ${what}`, async () => {
      const { url } = await listening(status, answer, headers);
      const result = await gatewayJson(['kibana', 'import', '--url', url], env);
      expect({ exit: result.code, code: at(result.json, 'error', 'code') }).to.deep.equal({ exit: 1, code });
    });
  }

  it('tells Elasticsearch itself, and an address where nothing listens', async () => {
    const real = await gatewayJson(['kibana', 'import', '--url', cluster().url]);
    expect(at(real.json, 'error', 'message')).to.match(/is Elasticsearch, not Kibana/);
    const dead = await gatewayJson(['kibana', 'import', '--url', 'http://127.0.0.1:1'], env);
    expect(at(dead.json, 'error', 'message')).to.match(/no answer from http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/);
  });

  it('asks for the address, and takes only one', async () => {
    for (const [argv, words] of [[[], /--url is missing/], [['--url', 'kibana:5601'], /must be an address that begins with http/]] as const) {
      const { code, json } = await gatewayJson(['kibana', 'import', ...argv], env);
      expect(code).to.equal(2);
      expect(at(json, 'error', 'message')).to.match(words);
    }
  });

  it('prints the file with --print', async () => {
    const { code, stdout } = await gateway(['kibana', 'import', '--print'], env);
    expect(code).to.equal(0);
    expect(stdout.trimEnd().split('\n')).to.have.length(savedObjects('lab').length);
  });
});
