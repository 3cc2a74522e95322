import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { Sandbox } from './gateway-process.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface ErrorObject {
  readonly error: { readonly code: string; readonly message: string; readonly fix: string };
}

describe('the command line of gateway', () => {
  let sandbox: Sandbox;
  beforeEach(() => { sandbox = new Sandbox(); });
  afterEach(() => sandbox.remove());

  it('without a command shows what there is', async () => {
    const { code, stdout, stderr } = await sandbox.run([]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/USAGE\n\s+\$ gateway \[COMMAND\]/).and.to.match(/serve\s+start the gateway/);
    expect(stderr).to.equal('');
  });

  it('tells its version', async () => {
    expect((await sandbox.run(['--version'])).stdout).to.match(/gateway\/\d+\.\d+\.\d+ /);
  });

  it('explains every command with examples', async () => {
    const commands = globSync('**/*.ts', { cwd: `${ROOT}/src/commands` }).map((file) => file.replace(/\.ts$/, '').split(/[\\/]/));
    expect(commands).to.deep.include.members([['serve'], ['es', 'init'], ['es', 'verify'], ['metrics', 'top']]);
    for (const command of commands) {
      const { code, stdout } = await sandbox.run([...command, '--help']);
      expect(code, command.join(' ')).to.equal(0);
      expect(stdout, command.join(' ')).to.match(/^EXAMPLES\n(.*\n)*\s+\$ gateway /m);
    }
  });

  it('explains a command by the word help too', async () => {
    expect((await sandbox.run(['help', 'serve'])).stdout).to.equal((await sandbox.run(['serve', '--help'])).stdout);
  });

  it('asks no cluster for dead letters where there are none', async () => {
    const { code, stdout } = await sandbox.run(['telemetry', 'retry'], { env: { ELASTICSEARCH_URL: 'http://127.0.0.1:9' } });
    expect([code, stdout]).to.deep.equal([0, 'There are no dead letters.\n']);
  });

  describe('wrong use is exit 2, in words on stderr and never a stack trace', () => {
    const WRONG: readonly (readonly [string, RegExp, string])[] = [
      ['serv', /^Error: gateway serv: there is no such command\nFix: {3}Did you mean gateway serve\?/, 'unknown_command'],
      ['es destroy', /^Error: gateway es destroy: there is no such command\n/, 'unknown_command'],
      ['serve --prot 1', /^Error: Nonexistent flag: --prot\nFix: {3}Did you mean --port\? gateway serve --help/, 'unknown_flag'],
      ['serve now', /^Error: gateway serve: takes no argument, and was given now\n/, 'wrong_use'],
      ['serve --port', /^Error: .*--port.* expects a value\n/, 'wrong_use'],
      ['serve --port abc', /^Error: PORT=abc: must be a port number \(0–65535\)\nFix: {3}Correct the flag, for example --port 3000\.\n$/, 'bad_configuration'],
      ['--port 1 serve', /^Error: --port: stands before the name of a command\n/, 'unknown_flag'],
    ];

    for (const [line, text, errorCode] of WRONG) {
      it(`gateway ${line}`, async () => {
        const { code, stdout, stderr } = await sandbox.run(line.split(' '));
        expect(stderr).to.match(text).and.not.to.match(/\n\s+at /);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      });

      it(`gateway ${line} --json prints one JSON object`, async () => {
        const argv = line === 'serve --port' ? ['serve', '--json', '--port'] : [...line.split(' '), '--json'];
        const { code, stdout, stderr } = await sandbox.run(argv);
        const { error } = JSON.parse(stdout) as ErrorObject;
        expect(error).to.have.all.keys('code', 'message', 'fix');
        expect(error.code).to.equal(errorCode);
        expect({ code, stderr }).to.deep.equal({ code: 2, stderr: '' });
      });
    }

    it('names all bad variables at once', async () => {
      const { code, stderr } = await sandbox.run(['serve'], { env: { SHUTDOWN_TIMEOUT: 'soon', ELASTICSEARCH_URL: 'http://elastic:se/cret@es' } });
      expect(code).to.equal(2);
      expect(stderr).to.include('SHUTDOWN_TIMEOUT=soon: must be a duration').and.to.include('ELASTICSEARCH_URL=http://********@es: must be a URL').and.not.to.include('cret@');
    });
  });

  it('shows the stack where DEBUG asks for it', async () => {
    const { code, stderr } = await sandbox.run(['serve', '--port', 'abc'], { env: { DEBUG: 'gateway' } });
    expect(code).to.equal(2);
    expect(stderr).to.match(/^Error: PORT=abc/).and.to.match(/\n\s+at /);
    expect((await sandbox.run(['serve', '--port', 'abc'], { env: { DEBUG: 'express:*' } })).stderr).not.to.match(/\n\s+at /);
  });

  it('is quiet when its reader leaves', async () => {
    const gateway = sandbox.start(['serve', '--print-config']);
    gateway.child.stdout?.destroy();
    const { code, stderr } = await gateway.ended;
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
  });

  it('puts no escape sequence into a pipe, and none where NO_COLOR is set', async () => {
    for (const env of [{ TERM: 'xterm' }, { NO_COLOR: '1', FORCE_COLOR: '1' }]) {
      for (const argv of [['--help'], ['serve', '--help'], ['serve', '--print-config'], ['serv']]) {
        const { stdout, stderr } = await sandbox.run(argv, { env });
        expect(stripVTControlCharacters(stdout + stderr), argv.join(' ')).to.equal(stdout + stderr);
      }
    }
  });
});

describe('what a command loads', () => {
  const HEAVY = ['fastify', '@elastic/elasticsearch', '@duckdb/node-api', 'ora', 'cli-table3', '@copilotkit/aimock', '@pydantic/genai-prices', '@aws-sdk/credential-provider-node', 'prom-client'];
  const SPY = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => { process.stderr.write('loads ' + url + '\\n'); return next(url, context); } });`)}`;
  let sandbox: Sandbox;
  beforeEach(() => { sandbox = new Sandbox(); });
  afterEach(() => sandbox.remove());

  const heavyOf = (stderr: string): string[] => HEAVY.filter((name) => stderr.split('\n').some((line) => line.startsWith('loads ') && line.includes(`/node_modules/${name}/`)));
  const env = { NODE_OPTIONS: `--import ${SPY}` };

  for (const argv of [['--version'], ['--help'], ['serve', '--help'], ['es', 'verify', '--help'], ['metrics', 'top', '--bad']]) {
    it(`gateway ${argv.join(' ')}: nothing heavy`, async () => {
      const { stderr } = await sandbox.run(argv, { env });
      expect(stderr).to.include('/node_modules/@oclif/core/');
      // From the sources oclif looks at every command for its help; the tables come with them, the rest must not.
      expect(heavyOf(stderr).filter((name) => name !== 'cli-table3')).to.deep.equal([]);
    });
  }

  it('gateway serve: neither DuckDB nor the stand-in provider; metrics top: no server', async () => {
    const gateway = sandbox.start(['serve', '--port', '0'], { env });
    await gateway.listening();
    gateway.child.kill('SIGTERM');
    const serve = heavyOf((await gateway.ended).stderr);
    expect(serve).to.include('fastify').and.to.not.include.members(['@duckdb/node-api']);
    expect(serve).to.not.include('@copilotkit/aimock');
    expect(serve).to.not.include('ora');
    const top = heavyOf((await sandbox.run(['metrics', 'top', '--source', 'local'], { env })).stderr);
    expect(top).to.include('@duckdb/node-api').and.to.not.include('fastify');
    expect(top).to.not.include('@elastic/elasticsearch');
  });
});

describe('bin/run.js', () => {
  it('asks for the Node that the package asks for', () => {
    const { engines } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { engines: { node: string } };
    const [, major = '', minor = ''] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    expect(readFileSync(`${ROOT}/bin/run.js`, 'utf8')).to.include(`var needed = [${major}, ${minor}];`);
  });

  it('parses where no module syntax of today is known', () => {
    const source = readFileSync(`${ROOT}/bin/run.js`, 'utf8');
    expect(source).not.to.match(/^\s*(import\s[^(]|export\s|const\s|let\s)|=>|\?\.|\?\?|`\$/m);
  });

  it('says in one sentence what an old Node lacks, before it loads anything', async () => {
    const pretend = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.18.1"}})';
    const child = spawn(process.execPath, ['--import', pretend, `${ROOT}/bin/run.js`, 'serve'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
    const [code] = await once(child, 'close') as [number];
    expect(code).to.equal(2);
    expect(stderr).to.equal('gateway needs Node 22.19 or newer and runs on 20.18.1: install a newer one, or in a clone say `npm start` or `npx gateway`, which bring their own.\n');
  });
});
