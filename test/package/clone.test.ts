import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'chai';
import { ensureBuilt } from '../support/built-gateway.js';

const ROOT = join(import.meta.dirname, '../..');

interface Package {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

describe('a clone', function () {
  this.timeout(120_000);
  const { engines, scripts, allowScripts, dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package;
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'gateway-clone-')); });
  afterEach(() => { rmSync(folder, { recursive: true, force: true, maxRetries: 10 }); });

  it('brings a Node that is new enough, and lets its installer run', () => {
    const [major = 0, minor = 0] = (devDependencies['node'] ?? '').split('.').map(Number);
    const [, neededMajor = '', neededMinor = ''] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    expect(major * 1_000 + minor).to.be.at.least(Number(neededMajor) * 1_000 + Number(neededMinor));
    expect(allowScripts).to.have.property('node', true);
  });

  it('pins what it depends on exactly; DuckDB is optional', () => {
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) expect(version, name).to.match(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(optionalDependencies).to.have.property('@duckdb/node-api');
    expect(dependencies).not.to.have.property('@duckdb/node-api');
  });

  it('compiles at npm start only what has changed', () => {
    for (const name of ['bin/is-built.js', 'package.json', 'tsconfig.json', 'src/cli/main.ts', 'dist/cli/main.js']) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      if (name === 'bin/is-built.js') copyFileSync(join(ROOT, name), join(folder, name));
      else writeFileSync(join(folder, name), name === 'package.json' ? '{"type":"module"}' : '');
    }
    const isBuilt = (): number | null => spawnSync(process.execPath, [join(folder, 'bin/is-built.js')]).status;
    const touch = (name: string, seconds: number): void => { utimesSync(join(folder, name), seconds, seconds); };
    for (const name of ['package.json', 'tsconfig.json', 'src/cli/main.ts']) touch(name, 1_000);
    touch('dist/cli/main.js', 2_000);
    expect(isBuilt()).to.equal(0);
    for (const name of ['package.json', 'tsconfig.json', 'src/cli/main.ts']) {
      touch(name, 3_000);
      expect(isBuilt(), name).to.equal(1);
      touch(name, 1_000);
    }
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(isBuilt()).to.equal(1);
  });

  it('builds, then serves on npm start, under its own Node and whatever the machine\'s is; Ctrl-C drains', async () => {
    expect(scripts['prestart']).to.equal('node bin/is-built.js || npm run -s build');
    expect(scripts['start'], 'one command, so that a signal meets the gateway alone').to.match(/^exec node bin\/run\.js serve$/);
    await ensureBuilt();
    // What a machine with an old Node would have first on its PATH.
    writeFileSync(join(folder, 'node'), '#!/bin/sh\necho "the machine\'s node was taken" >&2\nexit 9\n');
    chmodSync(join(folder, 'node'), 0o755);
    // Without scripts npm leaves out what comes before `start`, and so does not build again under other tests.
    const child = spawn(process.execPath, [npm(), 'start', '--ignore-scripts', '--', '--demo', '--port', '0'], {
      cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, HOME: folder, TELEMETRY_DIR: join(folder, 'log') },
    });
    let output = '';
    const url = new Promise<string>((resolve, reject) => {
      const listen = (chunk: Buffer): void => {
        output += chunk.toString();
        const address = /Listening\s+(http:\S+)/.exec(output)?.[1];
        if (address !== undefined) resolve(address);
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('exit', () => { reject(new Error(output)); });
    });
    const ended = once(child, 'close');
    try {
      expect((await fetch(`${await url}/health`)).status).to.equal(200);
      const group = -(child.pid ?? 0);
      process.kill(group, 'SIGINT'); // a terminal tells all of them
      const [code] = await ended as [number | null];
      expect({ code, output }).to.have.property('code', 0, output);
      expect(output).to.include('"msg":"stopped"').and.not.include('was taken');
      expect(() => process.kill(group, 0), 'something is left of it').to.throw(/ESRCH/);
    } finally {
      try { process.kill(-(child.pid ?? 0), 'SIGKILL'); } catch { /* all have ended */ }
    }
  });
});

/** The npm of this machine, as a script that any Node can run. */
function npm(): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      const path = realpathSync(join(folder, 'npm'));
      if (path.endsWith('npm-cli.js')) return path;
    } catch { /* not in this folder */ }
  }
  throw new Error('npm is not on the PATH');
}
