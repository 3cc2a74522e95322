import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

type Permissions = Readonly<Record<string, string>>;
interface Step { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, unknown>> }
interface Job {
  readonly uses?: string;
  readonly needs?: string | readonly string[];
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Permissions;
  readonly strategy?: { readonly matrix?: Readonly<Record<string, unknown>> };
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Permissions;
  readonly concurrency?: { readonly group?: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = globSync('.github/workflows/*.yml', { cwd: ROOT });
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const workflow = (file: string): Workflow => parse(text(file)) as Workflow;
const named = (name: string): Workflow => workflow(join('.github/workflows', name));
const stepsOf = (jobs: Workflow['jobs']): Step[] => Object.values(jobs).flatMap(({ steps = [] }) => steps);
const runs = (job: Job | undefined): string[] => (job?.steps ?? []).flatMap(({ run }) => run ?? []);

/* Read, not run: GitHub alone can run them. `actionlint` checks what needs their grammar. */
describe('the workflows', () => {
  it('are those that the documentation speaks of', () => {
    expect(files.map((file) => basename(file))).to.have.members(['ci.yml', 'codeql.yml', 'release.yml']);
  });

  for (const file of files) {
    describe(basename(file), () => {
      const { on, permissions, concurrency, jobs } = workflow(file);

      it('may only read, unless a job says otherwise', () => {
        expect(permissions).to.deep.equal({ contents: 'read' });
      });

      it('gives no secret and no write access to the code to pull requests', () => {
        expect(on).not.to.have.any.keys('pull_request_target', 'workflow_run');
        expect(text(file)).not.to.match(/\bsecrets\b/);
        if (!('pull_request' in on)) return;
        const granted = Object.values(jobs).flatMap((job) => Object.entries(job.permissions ?? {}));
        for (const [name, access] of granted) {
          if (access === 'write') expect(name, 'CodeQL reports its findings').to.equal('security-events');
        }
      });

      it('is in a concurrency group of its own', () => {
        expect(concurrency?.group).to.match(/^[a-z]+(?:-\$\{\{ github\.ref \}\})?$/);
        const others = files.filter((other) => other !== file).map((other) => workflow(other).concurrency?.group);
        expect(others, 'a called workflow would wait for its caller').not.to.include(concurrency?.group);
      });

      it('pins every action to a commit, and says which version that is', () => {
        const uses = [...text(file).matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, action = '']) => action);
        expect(uses).not.to.have.length(0);
        for (const action of uses) {
          if (action.startsWith('./')) expect(existsSync(join(ROOT, action)), action).to.equal(true);
          else expect(action).to.match(/^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        }
      });

      it('ends every job some time, and needs only jobs that are there', () => {
        for (const [name, job] of Object.entries(jobs)) {
          if (job.uses === undefined) expect(job['timeout-minutes'], name).to.be.within(1, 120);
          for (const other of [job.needs ?? []].flat()) expect(jobs, name).to.have.property(other);
        }
      });

      it('does not leave the token to later steps', () => {
        const checkouts = stepsOf(jobs).filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
        for (const step of checkouts) expect(step.with).to.deep.include({ 'persist-credentials': false });
      });

      it('runs scripts and tests that are there', () => {
        const commands = Object.values(jobs).flatMap(runs).join('\n');
        for (const [, script = ''] of commands.matchAll(/npm run ([\w:-]+)/g)) expect(scripts).to.have.property(script);
        for (const [path] of commands.matchAll(/\b(?:test|templates|node_modules)\/[\w./-]*\w/g)) {
          expect(existsSync(join(ROOT, path)), path).to.equal(true);
        }
      });

      it('puts nothing that others choose into a shell', () => {
        for (const run of Object.values(jobs).flatMap(runs)) expect(run).not.to.include('${{');
      });
    });
  }

  it('test every Node version that is supported, on three systems', () => {
    const { jobs: { unit } } = named('ci.yml');
    const os = ['ubuntu-latest', 'macos-latest', 'windows-latest'];
    expect(unit?.strategy?.matrix).to.deep.equal({ os, node: [22, 24, 26] });
    expect(runs(unit).join('\n'), 'npm scripts use the Node of the clone').not.to.include('npm run');
  });

  it('check what npm test checks, and run the matrix of Elasticsearch', () => {
    const commands = Object.values(named('ci.yml').jobs).flatMap(runs);
    const wanted = ['typecheck', 'lint', 'depcruise', 'knip', 'build', 'test:matrix'];
    expect(commands).to.include.members(wanted.map((script) => `npm run ${script}`));
  });

  it('release only what was tested, with provenance and bills of materials', () => {
    const { on, jobs } = named('release.yml');
    expect(on).to.deep.equal({ push: { tags: ['v*.*.*'] } });
    expect(jobs['test']?.uses).to.equal('./.github/workflows/ci.yml');
    expect(jobs['package']?.needs).to.equal('test');
    function needed(name: string): string[] {
      return [jobs[name]?.needs ?? []].flat().flatMap((other) => [other, ...needed(other)]);
    }
    for (const name of Object.keys(jobs)) if (name !== 'test') expect(needed(name), name).to.include('test');
    expect(needed('github')).to.include.members(['npm', 'image-index']);
    expect(runs(jobs['npm']).join('\n')).to.include('--provenance');
    expect(jobs['npm']?.permissions).to.deep.equal({ contents: 'read', 'id-token': 'write' });
    expect(runs(jobs['image']).join('\n')).to.include('--sbom=true --provenance=mode=max');
    expect(runs(jobs['package']).join('\n')).to.include('npm sbom');
  });
});
