import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { GatewayProgram } from '../support/built-gateway.js';

const ROOT = join(import.meta.dirname, '../..');
const BUILD_TIMEOUT_MS = 5 * 60_000;
const SECRET = /^(\.env.*|\.npmrc|.*\.(pem|key|p12))$/;

const run = promisify(execFile);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_V8_COVERAGE$/i.test(name)));
/** The files that each stage of the Dockerfile copies, as pairs of source and destination. */
const [fromClone = [], fromBuild = []] = readFileSync(join(ROOT, 'templates/docker/Dockerfile'), 'utf8').split(/^FROM .*$/m).slice(1)
  .map((stage) => [...stage.matchAll(/^COPY (.+)$/gm)].flatMap(([, words = '']) => {
    const paths = words.split(' ').filter((word) => !word.startsWith('--'));
    const to = paths.at(-1) ?? '';
    return paths.slice(0, -1).map((from) => ({ from: from.replace('/app/', ''), to: to === './' ? basename(from) : to }));
  }));

const healthCheck = JSON.parse(/^HEALTHCHECK [\s\S]*?CMD (\[.*\])$/m.exec(readFileSync(join(ROOT, 'templates/docker/Dockerfile'), 'utf8'))?.[1] ?? '[]') as string[];

/* The Dockerfile's own steps in empty folders: no Docker engine was at hand to build it. Dependencies are this clone's. */
describe('the image', function () {
  this.timeout(BUILD_TIMEOUT_MS);
  const folder = mkdtempSync(join(tmpdir(), 'gateway-image-'));
  const build = join(folder, 'build');
  const image = join(folder, 'image');
  const program = new GatewayProgram({ NODE_ENV: 'production' }, [process.execPath, join(image, 'bin/run.js')]);

  before(async () => {
    mkdirSync(build);
    mkdirSync(image);
    for (const { from, to } of fromClone) cpSync(join(ROOT, from), join(build, to), { recursive: true });
    for (const place of [build, image]) symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'));
    await run('npm', ['run', 'build'], { cwd: build, env, timeout: BUILD_TIMEOUT_MS });
    for (const { from, to } of fromBuild) if (from !== 'node_modules') cpSync(join(build, from), join(image, to), { recursive: true });
  });
  after(() => {
    program.remove();
    rmSync(folder, { recursive: true });
  });

  const files = (): string[] => globSync('**/*', { cwd: image, exclude: (path) => path === 'node_modules' }).filter((file) => statSync(join(image, file)).isFile());

  it('holds what is run, without sources, tests or secrets', () => {
    expect(files().filter((file) => !/^(package\.json|oclif\.manifest\.json|bin\/run\.js|(dist|templates)\/.+)$/.test(file))).to.deep.equal([]);
    expect(files().filter((file) => SECRET.test(basename(file)))).to.deep.equal([]);
    expect(readFileSync(join(image, 'oclif.manifest.json'), 'utf8')).to.equal(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8'));
  });

  it('has the templates that commands read', async () => {
    expect((await program.run('es', 'init', '--print')).stdout).to.match(/_index_template/);
    const { code, json } = await program.json('init', '--docker', '--kubernetes', '--systemd');
    expect(code).to.equal(0);
    expect((json as { files: { action: string }[] }).files.map(({ action }) => action)).to.deep.equal(Array.from({ length: 9 }, () => 'created'));
  });

  it('serves, answers what the health check asks, and ends on SIGTERM', async () => {
    const gateway = await program.serve('--demo');
    expect((await fetch(`${gateway.url}/health`)).status).to.equal(200);
    const { port } = new URL(gateway.url);
    const [command = '', ...args] = healthCheck;
    await run(command, args, { env: { ...env, PORT: port } });
    const failed: unknown = await run(command, args, { env: { ...env, PORT: '1' } }).catch((error: unknown) => error);
    expect(failed).to.be.an('error');
    expect((await gateway.stop()).code).to.equal(0);
  });

  it('is built without what a clone keeps to itself', () => {
    const ignored = readFileSync(join(ROOT, 'templates/docker/Dockerfile.dockerignore'), 'utf8').split('\n');
    expect(ignored).to.include.members(['**/node_modules', '**/.git', '**/.env*', 'dist']);
    expect(fromClone.map(({ from }) => from)).to.have.members(['package.json', 'package-lock.json', '.npmrc', 'tsconfig.json', 'bin', 'src', 'templates']);
    expect(readFileSync(join(ROOT, '.npmrc'), 'utf8')).not.to.match(/_auth|token|password/i);
  });
});
