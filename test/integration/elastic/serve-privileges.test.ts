import { expect } from 'chai';
import { Sandbox, type GatewayProcess } from '../cli/gateway-process.js';
import { until } from '../../support/proxy-harness.js';
import { Admin, cluster, freshName } from './cluster.js';
import { AS_ADMIN } from '../../support/admin-token.js';

interface Ready {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly elasticsearch: { readonly state: string; readonly reason: string | null; readonly fix: string | null; readonly backlog_bytes: number | null };
}

const EXPORT_TIMEOUT_MS = 60_000;

// What a record needs once everything is prepared, and nothing that could prepare it.
const WRITER = ['create_doc', 'auto_configure', 'view_index_metadata', 'read'];

describe('gateway serve and the objects in the cluster', () => {
  const admin = new Admin();
  let name: string;
  let sandbox: Sandbox;

  beforeEach(() => {
    name = freshName();
    sandbox = new Sandbox();
  });
  afterEach(async () => {
    await sandbox.remove();
    await admin.drop(name);
    await admin.dropUser(`${name}-user`);
  });
  after(() => admin.elastic.close());

  async function serve({ username, password }: { username: string; password: string }): Promise<{ gateway: GatewayProcess; url: string }> {
    const env = { ELASTICSEARCH_URL: cluster().url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ELASTICSEARCH_INDEX: name, ENABLE_ELASTICSEARCH: 'true' };
    const gateway = sandbox.start(['serve', '--demo', '--port', '0'], { env });
    return { gateway, url: await gateway.listening() };
  }
  const call = async (url: string): Promise<number> => (await fetch(`${url}/demo/v1/chat/completions`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}',
  })).status;
  const ready = async (url: string): Promise<Ready> => await (await fetch(`${url}/ready`, AS_ADMIN)).json() as Ready;
  const indices = async (): Promise<string[]> => Object.keys(await admin.must('GET', `/${name}*/_mapping`) as object);
  const found = async (): Promise<number> => {
    await admin.ask('POST', `/${name}/_refresh`);
    const { status, body } = await admin.ask('POST', `/${name}/_search?ignore_unavailable=true`, { size: 10 });
    if (status === 503) return 0; // its first shard is being made
    return (body as { hits: { hits: unknown[] } }).hits.hits.length;
  };

  it('makes policy and template where they are absent; the index that the first record makes is mapped as documented', async () => {
    const { gateway, url } = await serve(cluster());
    expect(await call(url)).to.equal(200);
    await until(async () => await found() === 1, EXPORT_TIMEOUT_MS);
    await admin.must('GET', `/_ilm/policy/${name}-policy`);
    const { template } = await admin.template(name);
    const [index = '', ...others] = await indices();
    expect(others).to.deep.equal([]);
    const mapping = await admin.must('GET', `/${index}/_mapping`) as Record<string, { mappings: { properties: unknown } }>;
    expect(mapping[index]?.mappings.properties).to.deep.equal(template.mappings.properties);
    expect((await ready(url)).elasticsearch.state).to.be.oneOf(['idle', 'shipping']);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
  });

  it('brings out what it has recorded before it ends', async () => {
    const { gateway, url } = await serve(cluster());
    await until(async () => (await ready(url)).elasticsearch.state === 'idle', EXPORT_TIMEOUT_MS);
    expect(await call(url)).to.equal(200);
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).to.equal(0);
    expect(await found()).to.equal(1);
  });

  it('without the privilege names the command for an administrator, proxies on, makes no index, and exports once that was run', async () => {
    const { gateway, url } = await serve(await admin.user(`${name}-user`, ['monitor'], [{ names: [name, `${name}-*`], privileges: WRITER }]));
    const [line] = await gateway.prints('stderr', /^.*the export to Elasticsearch waits.*$/m);
    const command = `ELASTICSEARCH_INDEX=${name} ELASTICSEARCH_LAYOUT=daily gateway es init`;
    expect((JSON.parse(line) as { fix: string }).fix).to.include(command).and.match(/administrator/i);
    expect(await call(url)).to.equal(200);
    await until(async () => ((await ready(url)).elasticsearch.backlog_bytes ?? 0) > 0);
    const { status, reasons, elasticsearch } = await ready(url);
    expect(status).to.equal('degraded');
    expect(reasons.join()).to.match(/Export to Elasticsearch waits: .*manage_index_templates/);
    expect(elasticsearch).to.include({ state: 'waiting-for-template' });
    expect(elasticsearch.fix).to.include(command);
    expect(await indices()).to.deep.equal([]);

    const { url: at, username, password } = cluster();
    const init = await sandbox.run(['es', 'init'], { env: { ELASTICSEARCH_URL: at, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password, ELASTICSEARCH_INDEX: name } });
    expect(init.code, init.stderr).to.equal(0);
    await until(async () => await found() === 1, EXPORT_TIMEOUT_MS);
    await until(async () => ['idle', 'shipping'].includes((await ready(url)).elasticsearch.state), EXPORT_TIMEOUT_MS);
  });
});
