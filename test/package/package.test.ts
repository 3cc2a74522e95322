import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { GatewayProgram, type RunningGateway } from '../support/built-gateway.js';

const ROOT = join(import.meta.dirname, '../..');
const INSTALL_TIMEOUT_MS = 10 * 60_000;

interface Manifest { readonly commands: Readonly<Record<string, unknown>> }
interface Package { readonly name: string; readonly version: string; readonly bin: Readonly<Record<string, string>> }

const run = promisify(execFile);
/** What a user's shell would have: nothing of the npm script or the coverage that this test may run under. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_V8_COVERAGE$/i.test(name)));
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('the package', function () {
  this.timeout(INSTALL_TIMEOUT_MS);
  const folder = mkdtempSync(join(tmpdir(), 'gateway-package-'));
  const project = join(folder, 'project');
  const { name, version, bin } = readJson(join(ROOT, 'package.json')) as Package;
  const installed = join(project, 'node_modules', name);
  const program = new GatewayProgram({}, [process.execPath, join(installed, bin['gateway'] ?? '')]);

  before(async () => {
    await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, env: ENV });
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"private":true}');
    const [tarball = ''] = globSync('*.tgz', { cwd: folder });
    await run('npm', ['install', '--no-audit', '--no-fund', join(folder, tarball)], { cwd: project, env: ENV, timeout: INSTALL_TIMEOUT_MS });
  });
  after(() => {
    program.remove();
    rmSync(folder, { recursive: true });
  });

  const files = (): string[] => globSync('**/*', { cwd: installed, exclude: (path) => path === 'node_modules' }).filter((file) => statSync(join(installed, file)).isFile());

  it('has a scoped name, and one program', () => {
    expect(name).to.match(/^@[a-z-]+\/[a-z-]+$/);
    expect(existsSync(join(project, 'node_modules/.bin/gateway'))).to.equal(true);
  });

  it('holds what is run and read, and nothing else', () => {
    expect(files().filter((file) => !/^(package\.json|README\.md|LICENSE|oclif\.manifest\.json|bin\/run\.js|(dist|templates|docs)\/.+)$/.test(file))).to.deep.equal([]);
    expect(files().filter((file) => /\.ts$|\.test\.|(^|\/)(test|bench)\//.test(file))).to.deep.equal([]);
    expect(files()).to.include.members(['LICENSE', 'README.md', 'templates/elasticsearch/mapping.json', 'templates/elasticsearch/policy.json', 'dist/cli/main.js']);
  });

  it('has every command of the sources in its manifest', () => {
    const { commands } = readJson(join(installed, 'oclif.manifest.json')) as Manifest;
    const sources = globSync('**/*.ts', { cwd: join(ROOT, 'src/commands') }).map((file) => file.replace(/\.ts$/, '').replaceAll('/', ':'));
    expect(Object.keys(commands)).to.have.members(sources).and.include.members(['serve', 'es:init', 'es:verify', 'metrics:top']);
  });

  it('has source maps that hold their sources', () => {
    for (const file of files().filter((one) => one.endsWith('.js'))) {
      const map = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(join(installed, file), 'utf8'))?.[1];
      if (map === undefined) continue;
      const { sources, sourcesContent } = readJson(join(installed, file, '..', map)) as { sources: string[]; sourcesContent?: (string | null)[] };
      expect(sourcesContent?.filter((content) => typeof content === 'string'), file).to.have.length(sources.length);
    }
  });

  it('tells its version', async () => {
    const { code, stdout } = await program.run('--version');
    expect(code).to.equal(0);
    expect(stdout).to.match(new RegExp(`^${name}/${version.replaceAll('.', '\\.')} `));
  });

  it('answers a call in its demo, and shows the record', async () => {
    const gateway: RunningGateway = await program.serve('--demo');
    const answer = await fetch(`${gateway.url}/demo/v1/chat/completions`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.have.nested.property('choices[0].message.content').that.matches(/demo provider/);
    const { code, json } = await program.json('metrics', 'top', '--by', 'provider', '--source', 'local');
    expect(code).to.equal(0);
    expect((json as { rows: unknown[] }).rows).to.have.length(1);
    expect((json as { rows: unknown[] }).rows[0]).to.include({ provider: 'demo', requests: 1, errors: 0 });
    expect((await gateway.stop()).code).to.equal(0);
  });
});
