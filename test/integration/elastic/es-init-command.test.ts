import { tmpdir } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { at, listAt, stringAt } from '../../../src/elastic/json.js';
import { utcDate } from '../../../src/elastic/init-steps.js';
import { createElastic } from '../../../src/elastic/client.js';
import { Admin, cluster, configOf, freshName } from './cluster.js';
import { gateway, gatewayJson, gatewayOnTerminal, run } from './gateway-command.js';

const actions = (json: unknown): Record<string, unknown> => Object.fromEntries(listAt(json, 'steps').map((step) => [String(at(step, 'id')), at(step, 'action')]));

describe('gateway es init', () => {
  const admin = new Admin();
  const today = utcDate(Date.now());
  const names: string[] = [];
  let name = '';
  let env: Record<string, string> = {};

  beforeEach(() => {
    name = freshName();
    names.push(name);
    env = { ELASTICSEARCH_INDEX: name };
  });
  after(async () => {
    for (const each of names) {
      await admin.drop(each);
      for (const role of ['writer', 'reader', 'admin']) await admin.ask('DELETE', `/_security/role/${each}-${role}`);
    }
    await admin.elastic.close();
  });

  it('sets everything up, and the second time changes nothing and says so', async () => {
    const first = await gatewayJson(['es', 'init'], env);
    expect(first.code).to.equal(0);
    expect(Object.keys(first.json)).to.deep.equal(['changed', 'steps']);
    expect(first.json['changed']).to.equal(true);
    expect(actions(first.json)).to.deep.equal({ layout: 'unchanged', policy: 'create', template: 'create', index: 'create', alias: 'unchanged', mapping: 'unchanged' });
    for (const step of listAt(first.json, 'steps')) expect(Object.keys(step as object)).to.deep.equal(['id', 'action', 'detail']);
    const second = await gateway(['es', 'init'], env);
    expect(second).to.include({ code: 0, stderr: '' });
    expect(second.stdout).to.match(/│ Step +│ Action +│ Detail/).and.match(/Nothing was changed\./);
    expect((await admin.ask('GET', `/${name}/_mapping`)).status).to.equal(200);
  });

  it('shows a spinner for each step in a terminal, and keeps how each ended', async () => {
    // A terminal without one: what is written there is what a person sees.
    const terminal = `data:text/javascript,${encodeURIComponent('Object.assign(process.stderr, { isTTY: true, columns: 200, getWindowSize: () => [200, 50], cursorTo() {}, moveCursor() {}, clearLine() {} });')}`;
    const { code, stdout, stderr } = await gateway(['es', 'init'], { ...env, NODE_OPTIONS: `--import ${terminal}` });
    expect(code).to.equal(0);
    const shown = stripVTControlCharacters(stderr);
    for (const step of [`create policy: ${name}-policy`, `create template: ${name}-template`, `create index: ${name}-${today}`]) expect(shown).to.match(new RegExp(`⠋ ${step}.*✔ ${step}$`, 'm'));
    expect(shown.match(/✔/g)).to.have.length(3);
    expect(stdout).to.match(/│ Step +│ Action +│ Detail/).and.not.include('✔');
  });

  it('shows with --dry-run the exact requests, and sends none', async () => {
    const { code, stdout } = await gateway(['es', 'init', '--dry-run'], env);
    expect(code).to.equal(0);
    expect(stdout).to.include(`PUT /_ilm/policy/${name}-policy\n{\n  "policy"`).and.include(`PUT /${name}-${today}`);
    const { json } = await gatewayJson(['es', 'init', '--dry-run'], env);
    expect(listAt(json, 'requests').map((request) => stringAt(request, 'path'))).to.deep.equal([`/_ilm/policy/${name}-policy`, `/_index_template/${name}-template`, `/${name}-${today}`]);
    expect((await admin.ask('GET', `/_ilm/policy/${name}-policy`)).status).to.equal(404);
  });

  it('extends what the requests of an older guide have made: a short table, the differences once, and then nothing to do', async () => {
    await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy: { phases: { hot: { actions: {} }, delete: { min_age: '30d', actions: { delete: {} } } } } });
    await admin.must('PUT', `/_index_template/${name}-template`, { index_patterns: [`${name}*`], template: { settings: { 'index.lifecycle.name': `${name}-policy` } } });
    const { code, stdout } = await gateway(['es', 'init', '--yes'], env);
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/│ policy +│ unchanged/).and.match(/│ template +│ update +│/).and.match(/differs in\s+│?[\s\S]*\d+ places, see\s/).and.match(/Done\./);
    expect(stdout.match(/priority/g)).to.have.length(1);
    expect((await gatewayJson(['es', 'init'], env)).json['changed']).to.equal(false);
    expect((await gatewayJson(['es', 'verify', '--only', 'layout,policy,template,mapping,alias,write'], env)).json['ok']).to.equal(true);
  });

  it('refuses the alias of a rollover, which goes on to work', async () => {
    await admin.must('PUT', `/${name}-000001`, { aliases: { [name]: { is_write_index: true } } });
    const { code, stdout } = await gateway(['es', 'init'], env);
    expect(code).to.equal(1);
    expect(stdout).to.match(/layout +│ conflict/).and.match(/Nothing was changed; those in conflict were left alone/).and.not.match(/Done/);
    expect((await admin.ask('GET', `/_index_template/${name}-template`)).status).to.equal(404);
    await admin.must('POST', `/${name}/_rollover`);
  });

  it('shows what somebody has edited as a difference, exits 1, and replaces it with --force', async () => {
    await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy: { phases: { delete: { min_age: '90d', actions: { delete: {} } } } } });
    const kept = await gateway(['es', 'init'], env);
    expect(kept.code).to.equal(1);
    expect(kept.stdout).to.include('--- policy on the server\n+++ policy of the gateway\n  phases.delete.min_age\n-   "90d"\n+   "30d"');
    expect(actions((await gatewayJson(['es', 'init'], env)).json)).to.include({ policy: 'conflict', template: 'unchanged' });
    const forced = await gatewayJson(['es', 'init', '--force'], env);
    expect(forced.code).to.equal(0);
    expect(actions(forced.json)).to.include({ policy: 'update' });
  });

  it('warns on stderr where one index would be deleted whole, and stdout stays JSON', async () => {
    await admin.must('PUT', `/${name}`, { settings: { 'index.lifecycle.name': `${name}-policy` } });
    const { code, stdout, stderr } = await gateway(['es', 'init'], env);
    expect(code).to.equal(0);
    expect(stderr).to.match(/^Warning: .*deletes the whole index/m);
    expect(stdout).not.to.match(/^Warning/m);
    const { json } = await gatewayJson(['es', 'init'], env);
    expect(listAt(json, 'steps').map((step) => String(at(step, 'detail'))).join('\n')).to.match(/Warning: .*30d/);
  });

  it('asks on a terminal before it replaces or keeps for a shorter time: Enter changes nothing, --yes asks nothing', async () => {
    expect((await gatewayJson(['es', 'init'], env)).code).to.equal(0);
    const age = async (): Promise<unknown> => at(await admin.must('GET', `/_ilm/policy/${name}-policy`), `${name}-policy`, 'policy', 'phases', 'delete', 'min_age');
    const refused = await gatewayOnTerminal(['es', 'init', '--retention', '7d'], env, { answer: '\r' });
    expect(refused.code, refused.stdout).to.equal(1);
    expect(refused.stdout).to.match(/\+ +"7d"[\s\S]*Warning: the server will delete records after 7d instead of 30d[\s\S]*Change policy\? \[y\/N\][\s\S]*Nothing was changed\./);
    expect(await age()).to.equal('30d');
    expect((await gatewayOnTerminal(['es', 'init', '--retention', '7d'], env, { answer: 'y\r' })).code).to.equal(0);
    expect(await age()).to.equal('7d');
    await admin.must('PUT', `/_ilm/policy/${name}-policy`, { policy: { phases: { delete: { min_age: '90d', actions: { delete: {} } } } } });
    const said = await gatewayOnTerminal(['es', 'init', '--force', '--yes'], env);
    expect(said.code, said.stdout).to.equal(0);
    expect(said.stdout).not.to.include('[y/N]');
    expect(await age()).not.to.equal('90d');
  });

  it('ends on a terminal that does not know its width, as one of a container at first', async () => {
    const { code, stdout } = await gatewayOnTerminal(['es', 'init'], env, { columns: 0 });
    expect(code, stdout.slice(-1000)).to.equal(0);
    expect(stdout).to.match(/│ template +│ .*create.* +│/).and.match(/Done\./);
  });

  it('shows the plan before anything else is done, also where the credentials may not bring it about', async () => {
    const user = await admin.user(`${name}-user`, ['monitor', 'read_ilm'], [{ names: [`${name}*`], privileges: ['view_index_metadata'] }]);
    try {
      const { code, stdout, stderr } = await gateway(['es', 'init'], { ...env, ELASTICSEARCH_USERNAME: user.username, ELASTICSEARCH_PASSWORD: user.password });
      expect(code).to.equal(1);
      expect(stdout).to.match(/│ policy +│ create +│/).and.match(/│ index +│ create +│/).and.not.match(/Done|Nothing was changed/);
      expect(stderr).to.match(/nothing was changed: policy needs cluster privilege manage_ilm/);
    } finally {
      await admin.dropUser(user.username);
    }
  });

  it('takes the layout as a flag: warns aloud of what single and data-stream cost, and changes nothing where it cannot be had', async () => {
    const single = await gateway(['es', 'init', '--layout', 'single'], env);
    expect(single.code, single.stderr).to.equal(0);
    expect(single.stderr).to.match(/Warning: .*deletes the whole index/);
    expect(Object.keys(await admin.must('GET', `/${name}*/_mapping`) as object)).to.deep.equal([name]);
    const before = await admin.must('GET', `/_index_template/${name}-template`);
    for (const layout of ['daily', 'data-stream']) {
      const refused = await gatewayJson(['es', 'init', '--layout', layout], env);
      expect({ code: refused.code, changed: refused.json['changed'], steps: actions(refused.json) }, layout).to.deep.equal({ code: 1, changed: false, steps: { layout: 'conflict' } });
    }
    expect(await admin.must('GET', `/_index_template/${name}-template`)).to.deep.equal(before);

    const stream = freshName();
    names.push(stream);
    const made = await gateway(['es', 'init', '--layout', 'data-stream'], { ELASTICSEARCH_INDEX: stream });
    if ((await admin.version()) === 7) {
      expect(made.code).to.equal(1);
      expect((await admin.ask('GET', `/_index_template/${stream}-template`)).status).to.equal(404);
      return;
    }
    expect(made.code, made.stderr).to.equal(0);
    expect(made.stderr).to.match(/Warning: .*sent again after a rollover is stored twice/);
    expect(at(await admin.must('GET', `/_ilm/policy/${stream}-policy`), `${stream}-policy`, 'policy', 'phases', 'hot', 'actions', 'rollover')).to.deep.include({ max_age: '1d' });
  });

  it('keeps what was chosen about lifecycle and volume when it is run again without the flags', async () => {
    const chosen = ['--retention', '90d', '--shards', '2', '--replicas', '0', '--refresh-interval', '30s', '--codec', 'default'];
    expect((await gatewayJson(['es', 'init', ...chosen], env)).code).to.equal(0);
    const settings = at(await admin.must('GET', `/${name}-${today}/_settings`), `${name}-${today}`, 'settings', 'index');
    expect(settings).to.include({ number_of_shards: '2', number_of_replicas: '0', refresh_interval: '30s', codec: 'default' });
    expect(settings).not.to.have.property('auto_expand_replicas');
    const age = async (): Promise<unknown> => at(await admin.must('GET', `/_ilm/policy/${name}-policy`), `${name}-policy`, 'policy', 'phases', 'delete', 'min_age');
    expect(await age()).to.equal('90d');
    expect((await gatewayJson(['es', 'init'], env)).json['changed']).to.equal(false);
    const shorter = await gatewayJson(['es', 'init', '--retention', '7d', '--replicas', 'auto'], env);
    expect(actions(shorter.json)).to.include({ policy: 'update', template: 'update' });
    expect(await age()).to.equal('7d');
    expect(at((await admin.template(name)).template.settings, 'index')).to.include({ auto_expand_replicas: '0-1', number_of_shards: '2', codec: 'default' });
  });

  it('makes roles and a key that can do what the gateway must, and prints the key once', async () => {
    const { code, json } = await gatewayJson(['es', 'init', '--roles', '--api-key', '--api-key-expires', '1d'], env);
    expect(code).to.equal(0);
    expect(actions(json)).to.include({ 'role-writer': 'create', 'role-reader': 'create', 'role-admin': 'create' });
    expect(actions((await gatewayJson(['es', 'init', '--roles'], env)).json)).to.include({ 'role-writer': 'unchanged', 'role-reader': 'unchanged', 'role-admin': 'unchanged' });
    const key = stringAt(json, 'api_key', 'encoded') ?? '';
    const withKey = { ...env, ELASTICSEARCH_API_KEY: key, ELASTICSEARCH_USERNAME: '', ELASTICSEARCH_PASSWORD: '' };
    const verified = await gatewayJson(['es', 'verify', '--only', 'authentication,privileges,policy,template,write,newest'], withKey);
    expect(verified.json['checks']).to.satisfy((checks: { status: string }[]) => checks.length === 6 && checks.every((check) => check.status === 'ok'), JSON.stringify(verified.json));
    expect(await admin.must('DELETE', '/_security/api_key', { name: `${name}-writer` })).to.have.property('invalidated_api_keys').with.length(1);
  });

  it('shows an API key once, with its line for .env', async () => {
    const { code, stdout, stderr } = await gateway(['es', 'init', '--api-key'], env);
    expect(code, stderr).to.equal(0);
    const [[, key = ''] = [], ...others] = [...`${stdout}${stderr}`.matchAll(/^ELASTICSEARCH_API_KEY=(\S+)$/gm)];
    expect(others).to.deep.equal([]);
    expect(`${stdout}${stderr}`.split(key)).to.have.length(2);
    const { json } = await gatewayJson(['es', 'verify', '--only', 'authentication'], { ...env, ELASTICSEARCH_API_KEY: key, ELASTICSEARCH_USERNAME: '', ELASTICSEARCH_PASSWORD: '' });
    expect(at(json, 'checks', 0)).to.include({ id: 'authentication', status: 'ok' });
    await admin.must('DELETE', '/_security/api_key', { name: `${name}-writer` });
  });

  it('keeps a role that somebody has edited until --force', async () => {
    expect((await gatewayJson(['es', 'init', '--roles'], env)).code).to.equal(0);
    await admin.must('PUT', `/_security/role/${name}-reader`, { cluster: ['monitor'], indices: [{ names: [name], privileges: ['read'] }] });
    const kept = await gatewayJson(['es', 'init', '--roles'], env);
    expect(kept.code).to.equal(1);
    expect(actions(kept.json)).to.include({ 'role-writer': 'unchanged', 'role-reader': 'conflict', 'role-admin': 'unchanged' });
    expect(at(await admin.must('GET', `/_security/role/${name}-reader`), `${name}-reader`, 'cluster')).to.deep.equal(['monitor']);
    expect(actions((await gatewayJson(['es', 'init', '--roles', '--force'], env)).json)).to.include({ 'role-reader': 'update' });
    expect(at(await admin.must('GET', `/_security/role/${name}-reader`), `${name}-reader`, 'cluster')).to.deep.equal([]);
  });

  it('does every step with the role NAME-admin, and migration\'s and verify\'s checks with NAME-writer', async () => {
    await gatewayJson(['es', 'init', '--roles'], env);
    const passwords = { password: 'a-test-password' };
    for (const role of ['admin', 'writer']) await admin.must('PUT', `/_security/user/${name}-${role}`, { ...passwords, roles: [`${name}-${role}`] });
    try {
      await admin.must('DELETE', `/${name}-${today}`);
      await admin.must('DELETE', `/_index_template/${name}-template`);
      const made = await gatewayJson(['es', 'init'], { ...env, ELASTICSEARCH_USERNAME: `${name}-admin`, ELASTICSEARCH_PASSWORD: 'a-test-password' });
      expect(made.code, JSON.stringify(made.json)).to.equal(0);
      expect(actions(made.json)).to.include({ template: 'create', index: 'create' });
      const verified = await gatewayJson(['es', 'verify', '--only', 'privileges,write,newest'], { ...env, ELASTICSEARCH_USERNAME: `${name}-writer`, ELASTICSEARCH_PASSWORD: 'a-test-password' });
      expect(verified.code, JSON.stringify(verified.json)).to.equal(0);
    } finally {
      for (const role of ['admin', 'writer']) await admin.ask('DELETE', `/_security/user/${name}-${role}`);
    }
  });

  it('makes a writer that may not read others\' indices or delete, and a reader that may only read', async () => {
    await gatewayJson(['es', 'init', '--roles'], env);
    const record = { timestamp: new Date().toISOString(), provider: 'openai', model: 'gpt', status_code: 200, total_latency_ms: 5 };
    await admin.must('PUT', `/${name}-${today}/_create/one?refresh=true`, record);
    for (const role of ['reader', 'writer']) {
      const user = { ELASTICSEARCH_USERNAME: `${name}-${role}`, ELASTICSEARCH_PASSWORD: 'a-test-password' };
      await admin.must('PUT', `/_security/user/${name}-${role}`, { password: user.ELASTICSEARCH_PASSWORD, roles: [`${name}-${role}`] });
      const elastic = createElastic(configOf({ username: user.ELASTICSEARCH_USERNAME, password: user.ELASTICSEARCH_PASSWORD }));
      try {
        const top = await gatewayJson(['metrics', 'top', '--by', 'provider', '--source', 'elasticsearch'], { ...env, ...user });
        expect(top.code, JSON.stringify(top.json)).to.equal(0);
        expect(at(top.json, 'rows', 0)).to.include({ provider: 'openai', requests: 1 });
        const status = async (method: 'PUT' | 'DELETE' | 'GET', path: string, body?: object): Promise<number> =>
          (await elastic.request({ method, path, ...(body !== undefined && { body }) })).status;
        expect(await status('PUT', `/${name}-${today}/_create/two-${role}`, record), role).to.equal(role === 'writer' ? 201 : 403);
        expect(await status('DELETE', `/${name}-${today}/_doc/one`), role).to.equal(403);
        expect(await status('DELETE', `/${name}-${today}`), role).to.equal(403);
        expect(await status('GET', '/.security/_search'), role).to.equal(403);
      } finally {
        await elastic.close();
        await admin.ask('DELETE', `/_security/user/${name}-${role}`);
      }
    }
  });

  it('takes a key back that its maker could not give the privileges', async () => {
    await gatewayJson(['es', 'init'], env);
    const maker = await admin.user(`${name}-maker`, ['monitor', 'read_ilm', 'manage_own_api_key'], [{ names: [`${name}*`], privileges: ['read', 'view_index_metadata'] }]);
    try {
      const { code, json } = await gatewayJson(['es', 'init', '--api-key'], { ...env, ELASTICSEARCH_USERNAME: maker.username, ELASTICSEARCH_PASSWORD: maker.password });
      expect(code).to.equal(1);
      expect(at(json, 'error', 'code')).to.equal('es_api_key_short');
      expect(at(json, 'error', 'message')).to.match(/would lack index privilege create_doc, auto_configure, monitor on .*invalidated again/);
      const keys = listAt(await admin.must('GET', `/_security/api_key?name=${name}-writer`), 'api_keys');
      expect(keys.map((key) => at(key, 'invalidated'))).to.deep.equal([true]);
    } finally {
      await admin.dropUser(maker.username);
    }
  });

  it('gives with --print a shell script that does the same', async () => {
    const { stdout } = await gateway(['es', 'init', '--print', '--roles', '--retention', '60d'], { ...env, ELASTICSEARCH_URL: 'http://127.0.0.1:1' });
    const { url, username, password } = cluster();
    for (const time of ['first', 'second']) {
      const done = await run([], tmpdir(), { PATH: process.env['PATH'], ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password }, ['sh'], stdout);
      expect(done.code, `${time}: ${done.stdout}${done.stderr}`).to.equal(0);
    }
    const after = await gatewayJson(['es', 'init', '--roles'], env);
    expect(after.json['changed'], JSON.stringify(after.json)).to.equal(false);
    expect(new Set(Object.values(actions(after.json)))).to.deep.equal(new Set(['unchanged']));
  });

  it('refuses bad names and values before any request', async () => {
    const nowhere = { ...env, ELASTICSEARCH_URL: 'http://127.0.0.1:1' };
    for (const [argv, words] of [
      [['--index', 'Upper'], /ELASTICSEARCH_INDEX=Upper: must be lower case/],
      [['--retention', '30 days'], /--retention 30 days: must be a time such as 30d/],
      [['--shards', '0'], /--shards 0: must be a whole number from 1/],
      [['--replicas', 'many'], /--replicas many: must be .* or auto/],
      [['--refresh-interval', '5'], /--refresh-interval 5/],
      [['--codec', 'zip'], /--codec zip: must be default or best_compression/],
    ] as const) {
      const { code, json } = await gatewayJson(['es', 'init', ...argv], nowhere);
      expect(code, argv.join(' ')).to.equal(2);
      expect(at(json, 'error', 'message')).to.match(words);
    }
  });

  it('says in words what does not answer', async () => {
    const { code, stdout, stderr } = await gateway(['es', 'init'], { ...env, ELASTICSEARCH_URL: 'http://127.0.0.1:1' });
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.match(/nothing listens on 127\.0\.0\.1:1/).and.not.match(/ {4}at /);
  });
});
