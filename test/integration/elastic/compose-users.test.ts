import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { writerRole } from '../../../src/elastic/roles.js';
import { Admin, cluster, freshName } from './cluster.js';
import { run } from './gateway-command.js';

const compose = parse(readFileSync(new URL('../../../templates/docker/docker-compose.yml', import.meta.url), 'utf8'), { merge: true }) as { services: { 'es-users': { command: [string] } } };

describe('the script of es-users in docker-compose.yml', () => {
  const admin = new Admin();
  const tokens = mkdtempSync(join(tmpdir(), 'gateway-tokens-'));
  const name = freshName();

  after(async () => {
    rmSync(tokens, { recursive: true });
    await admin.ask('DELETE', `/_security/service/elastic/kibana/credential/token/${name}`);
    await admin.ask('DELETE', `/_security/user/${name}`);
    await admin.ask('DELETE', `/_security/role/${name}-writer`);
    await admin.elastic.close();
  });

  it('makes the gateway\'s user and Kibana\'s token, and may run again', async () => {
    const { url, username, password } = cluster();
    expect(username).to.equal('elastic');
    await admin.must('PUT', `/_security/role/${name}-writer`, writerRole(name));
    // As compose hands it to bash, with this cluster and folder, and names that are surely not somebody's.
    const script = compose.services['es-users'].command[0].replaceAll('$$', '$').replace('http://elasticsearch:9200', url).replaceAll('/tokens', tokens)
      .replaceAll('/_security/user/gateway', `/_security/user/${name}`).replaceAll('token/gateway-compose', `token/${name}`);
    const env = { PATH: process.env['PATH'], ELASTIC_PASSWORD: password, GATEWAY_ELASTICSEARCH_PASSWORD: 'a-"test"\\-password', ELASTICSEARCH_INDEX: name };
    const again = async (): Promise<string> => {
      const { code, stderr } = await run(['-euc', script], tokens, env, ['bash']);
      expect(code, stderr).to.equal(0);
      return readFileSync(join(tokens, 'kibana'), 'utf8');
    };
    const token = await again();
    const who = async (authorization: string): Promise<unknown> => (await fetch(`${url}/_security/_authenticate`, { headers: { authorization } })).json();
    expect(await who(`Bearer ${token}`)).to.include({ username: 'elastic/kibana' });
    expect(await who(`Basic ${Buffer.from(`${name}:a-"test"\\-password`).toString('base64')}`)).to.deep.include({ username: name, roles: [`${name}-writer`] });
    expect(await again()).to.equal(token);
    rmSync(join(tokens, 'kibana'));
    expect(await who(`Bearer ${await again()}`)).to.include({ username: 'elastic/kibana' });
  });
});

describe('the container es-user of es-init-job.yaml', () => {
  const admin = new Admin();
  const name = freshName();
  const job = parse(readFileSync(new URL('../../../templates/kubernetes/es-init-job.yaml', import.meta.url), 'utf8')) as {
    spec: { template: { spec: { containers: { command: string[] }[] } } };
  };

  after(async () => {
    await admin.ask('DELETE', `/_security/user/${name}`);
    await admin.ask('DELETE', `/_security/role/${name}-writer`);
    await admin.elastic.close();
  });

  it('makes the user that the gateway writes as, and may run again; its password is in no output', async () => {
    const { url, username, password } = cluster();
    await admin.must('PUT', `/_security/role/${name}-writer`, writerRole(name));
    const [, ...argv] = job.spec.template.spec.containers[0]?.command ?? [];
    const env = { ELASTICSEARCH_URL: `${url}/,http://127.0.0.1:9`, ELASTICSEARCH_INDEX: name, ADMIN: username, ADMIN_PASSWORD: password, WRITER: name, WRITER_PASSWORD: 'a-"test"-password' };
    for (let i = 0; i < 2; i++) {
      const { code, stdout, stderr } = await run(argv, tmpdir(), env, [process.execPath]);
      expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: `user ${name}: HTTP 200\n`, stderr: '' });
    }
    const authorization = `Basic ${Buffer.from(`${name}:a-"test"-password`).toString('base64')}`;
    expect(await (await fetch(`${url}/_security/_authenticate`, { headers: { authorization } })).json()).to.deep.include({ username: name, roles: [`${name}-writer`] });
    const refused = await run(argv, tmpdir(), { ...env, ADMIN_PASSWORD: 'wrong' }, [process.execPath]);
    expect(refused.code).to.equal(1);
  });
});
