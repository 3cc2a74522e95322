import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Jdk } from '../../support/elasticsearch/jdk.js';
import { obtainServer, wayToServer } from '../../support/elasticsearch/obtain.js';
import { POSIX } from '../../support/posix.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const jdk = (...features: number[]): Jdk[] => features.map((feature) => ({ home: `/jdk-${feature}`, feature }));

if (POSIX) describe('where the tests get Elasticsearch', () => {
  const path = process.env['PATH'];
  let bin = '';
  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), 'gateway-ways-'));
    process.env['PATH'] = bin;
  });
  afterEach(() => {
    process.env['PATH'] = path;
    rmSync(bin, { recursive: true });
  });

  /** A program on the PATH that says that it works, or does not. */
  function install(name: string, code = 0): void {
    writeFileSync(join(bin, name), `#!/bin/sh\nexit ${code}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const version = (env: NodeJS.ProcessEnv, jdks: Jdk[]): string => {
    const way = wayToServer(env, jdks);
    return way.kind === 'url' ? way.url : `${way.kind} ${way.release.version}`;
  };

  it('is the address that was given, then Maven and a JDK, then Docker', () => {
    install('mvn');
    install('docker');
    const env = { GATEWAY_TEST_ELASTICSEARCH_URL: 'http://mine:9200' };
    expect(version(env, jdk(17))).to.equal('http://mine:9200');
    expect(version({ GATEWAY_TEST_ELASTICSEARCH_URL: '' }, jdk(17))).to.match(/^maven /);
    expect(version({}, [])).to.match(/^docker /);
    install('mvn', 1);
    expect(version({}, jdk(17))).to.match(/^docker /);
  });

  it('is the newest that a JDK here can run', () => {
    install('mvn');
    for (const [jdks, found] of [[[17], '8.19.'], [[21], '9.2.'], [[25], '9.2.'], [[17, 25], '9.2.']] as const) {
      expect(version({}, jdk(...jdks)), jdks.join()).to.match(new RegExp(`^maven ${found.replaceAll('.', '\\.')}`));
    }
    expect(() => wayToServer({}, jdk(11))).to.throw(/no way to one/);
  });

  it('is of the line that was asked for, or nothing', () => {
    install('mvn');
    const asked = (major: string): NodeJS.ProcessEnv => ({ GATEWAY_TEST_ELASTICSEARCH_VERSION: major });
    expect(version(asked('7'), jdk(17, 25))).to.match(/^maven 7\.17\./);
    expect(version(asked('8'), jdk(17, 25))).to.match(/^maven 8\.19\./);
    expect(version(asked('9'), jdk(17, 25))).to.match(/^maven 9\.2\./);
    expect(() => wayToServer(asked('7'), jdk(25))).to.throw(/need a real Elasticsearch 7,/);
    expect(() => wayToServer(asked('6'), jdk(25))).to.throw('GATEWAY_TEST_ELASTICSEARCH_VERSION=6: must be 7, 8 or 9');
  });

  it('is said to be missing before the first test, with all three ways', async () => {
    const { code, stdout, stderr } = await suite();
    expect(code).to.equal(1);
    expect(stderr).to.match(/1\. GATEWAY_TEST_ELASTICSEARCH_URL=/).and.match(/2\. Maven and a JDK/).and.match(/3\. a Docker engine/);
    expect(stdout).to.equal('');
  });

  /** `npm test` where neither Maven nor Docker is on the PATH. */
  function suite(): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, ['--import=tsx', 'test/support/suite/run.ts'], { cwd: ROOT, env: { PATH: bin } }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }
});

describe('an Elasticsearch of one\'s own for the tests', () => {
  let server: Server;
  let url = '';
  beforeEach(async () => {
    server = createServer((request, response) => {
      const good = request.headers.authorization === `Basic ${Buffer.from('elastic:pass word').toString('base64')}`;
      response.writeHead(good ? 200 : 401).end(JSON.stringify({ version: { number: '8.12.0' } }));
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    url = `http://elastic:pass%20word@127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is asked which it is, and that is said', async () => {
    expect((await obtainServer({ kind: 'url', url, asked: undefined })).origin).to.equal('8.12.0 (GATEWAY_TEST_ELASTICSEARCH_URL)');
    const script = `const { needElasticsearch, startShared, stopShared } = await import('./test/support/elasticsearch/shared.ts');
      needElasticsearch(); await startShared(); await stopShared();`;
    const said = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], { cwd: ROOT, env: { GATEWAY_TEST_ELASTICSEARCH_URL: url } },
        (error, _stdout, stderr) => { if (error === null) resolve(stderr); else reject(new Error(stderr)); });
    });
    expect(said).to.equal('Elasticsearch 8.12.0 (GATEWAY_TEST_ELASTICSEARCH_URL)\n');
  });

  it('is refused where it is of another line, refuses the credentials, or is none', async () => {
    const refusal = async (way: { url: string; asked: '7' | undefined }): Promise<string> => {
      const error: unknown = await obtainServer({ kind: 'url', ...way }).catch((thrown: unknown) => thrown);
      return (error as Error).message;
    };
    expect(await refusal({ url, asked: '7' })).to.equal('GATEWAY_TEST_ELASTICSEARCH_URL is Elasticsearch 8.12.0, and GATEWAY_TEST_ELASTICSEARCH_VERSION asks for 7');
    expect(await refusal({ url: url.replace('pass', 'word'), asked: undefined })).to.match(/no Elasticsearch answers at .* \(HTTP 401\)/);
    expect(await refusal({ url: 'http://elastic:x@127.0.0.1:1', asked: undefined })).to.match(/no Elasticsearch answers at http:\/\/127\.0\.0\.1:1 \(no answer\)/);
  });
});
